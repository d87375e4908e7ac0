package dev.kiln.dataset.merge;

import static dev.kiln.dataset.merge.Outputs.scene;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.archive.Shard;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.sink.ChipRows;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneTable;
import dev.kiln.sink.VectorColumns;
import dev.kiln.sink.VectorType;
import dev.kiln.testing.Footers;
import dev.kiln.type.DataType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DatasetMergeTest {
  private static Connection connection;

  @TempDir private Path dir;
  private Path out;
  private Path dataset;

  @BeforeAll
  static void connect() throws SQLException {
    connection = DriverManager.getConnection("jdbc:duckdb:");
    try (Statement duckdb = connection.createStatement()) {
      duckdb.execute("SET TimeZone = 'UTC'");
      duckdb.execute("SET enable_geoparquet_conversion = false");
    }
  }

  @AfterAll
  static void disconnect() throws SQLException {
    connection.close();
  }

  @BeforeEach
  void paths() {
    out = dir.resolve("out");
    dataset = dir.resolve("dataset");
  }

  private MergeReport merge() throws Exception {
    return merge(dataset, Shard.whole(), MergeOptions.defaults());
  }

  private MergeReport merge(MergeOptions options) throws Exception {
    return merge(dataset, Shard.whole(), options);
  }

  private MergeReport merge(Path to, Shard shard, MergeOptions options) throws Exception {
    StoreOptions access = StoreOptions.standard();
    try (EmbeddingFiles files = EmbeddingFiles.open(out.toString(), access);
        ObjectStore store = ObjectStores.open(to.toString(), access)) {
      return DatasetMerge.merge(List.of(files), store, to.resolve("_kiln"), shard, options);
    }
  }

  static Map<String, byte[]> files(Path root) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        files.put(root.relativize(path).toString(), Files.readAllBytes(path));
      }
    }
    return files;
  }

  @Test
  void keyWithoutAValueInAFooterIsNoFault() throws Exception {
    Path file = scene("a").write(out);
    Files.write(file, Footers.withKeyWithoutValue(Files.readAllBytes(file), "note"));
    merge();
    assertThat(query("SELECT count(*) FROM " + table())).containsExactly("20");
  }

  static void assertSame(Path root, Path expected) throws IOException {
    Map<String, byte[]> found = files(root);
    Map<String, byte[]> wanted = files(expected);
    assertThat(found.keySet()).isEqualTo(wanted.keySet());
    found.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(wanted.get(name)));
  }

  private static List<String> query(String sql) throws SQLException {
    List<String> lines = new ArrayList<>();
    try (Statement duckdb = connection.createStatement()) {
      try (ResultSet rows = duckdb.executeQuery(sql)) {
        while (rows.next()) {
          List<String> line = new ArrayList<>();
          for (int c = 1; c <= rows.getMetaData().getColumnCount(); c++) {
            line.add(String.valueOf(rows.getObject(c)));
          }
          lines.add(String.join(" ", line));
        }
      }
    }
    return lines;
  }

  private String table() {
    return "read_parquet('" + dataset + "/data/**/*.parquet', hive_partitioning = true)";
  }

  private JsonNode json(String key) throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(dataset.resolve(key)));
  }

  @Test
  void everyRowIsInThePartitionOfItsPlatformYearAndCell() throws Exception {
    Outputs.write(out);

    MergeReport report = merge(MergeOptions.builder().cellDegrees(1).build());

    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(report.rows()).isEqualTo(9 * 42 + 4 * 100);
    assertThat(report.emptyFiles()).isEqualTo(1);
    assertThat(
            query(
                "SELECT platform, year, cell, count(*) FROM "
                    + table()
                    + " GROUP BY ALL ORDER BY ALL"))
        .isEqualTo(
            query(
                "SELECT platform, year(datetime),"
                    + " 'N' || floor((bbox.ymin + bbox.ymax) / 2)::INT || 'W'"
                    + " || lpad((-floor((bbox.xmin + bbox.xmax) / 2)::INT)::VARCHAR, 3, '0'),"
                    + " count(*) FROM '"
                    + out
                    + "/**/*.parquet' GROUP BY ALL ORDER BY ALL"));
  }

  @Test
  void rowsAreUnchangedAndHaveTheirProvenance() throws Exception {
    Outputs.write(out);

    merge();

    String columns =
        "chip_id, item_id, platform, datetime, gsd, chip_x, chip_y, cloud, nodata, embeddings,"
            + " md5(geometry), bbox";
    assertThat(query("SELECT " + columns + " FROM " + table() + " ORDER BY chip_id"))
        .isEqualTo(
            query("SELECT " + columns + " FROM '" + out + "/**/*.parquet' ORDER BY chip_id"));
    assertThat(query("SELECT DISTINCT uri, model FROM " + table() + " WHERE item_id = 'naip-3'"))
        .containsExactly("s3://archive/naip-3.tif 3f1e0123456789abcdef");
    assertThat(
            query(
                "SELECT DISTINCT encodings FROM parquet_metadata('"
                    + dataset
                    + "/data/**/*.parquet') WHERE path_in_schema = 'uri'"))
        .allMatch(encodings -> encodings.contains("DICTIONARY"));
  }

  @Test
  void rowGroupsCoverSmallAreas() throws Exception {
    scene("large").at(-99.9, 47.9).size(64, 64).edge(0.01).write(out);

    merge(MergeOptions.builder().cellDegrees(1).rowGroupRows(64).build());

    // Cut after every 64 rows, the boxes of the row groups have 1.42 times the area of the chips.
    assertThat(
            query(
                "SELECT min(rows) >= 32, max(rows) <= 64, sum((xmax - xmin) * (ymax - ymin)) <"
                    + " 0.4096 * 1.25 FROM (SELECT row_group_id, any_value(row_group_num_rows) AS"
                    + " rows, max(TRY_CAST(stats_max AS DOUBLE)) FILTER (path_in_schema = 'bbox,"
                    + " xmax') AS xmax, min(TRY_CAST(stats_min AS DOUBLE)) FILTER (path_in_schema ="
                    + " 'bbox, xmin') AS xmin, max(TRY_CAST(stats_max AS DOUBLE)) FILTER"
                    + " (path_in_schema = 'bbox, ymax') AS ymax, min(TRY_CAST(stats_min AS DOUBLE))"
                    + " FILTER (path_in_schema = 'bbox, ymin') AS ymin FROM parquet_metadata('"
                    + dataset
                    + "/data/**/*.parquet') GROUP BY row_group_id)"))
        .containsExactly("true true true");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100})
  void sortingInScratchFilesGivesTheSameBytes(int kilobytes) throws Exception {
    Outputs.write(out);
    merge(dir.resolve("expected"), Shard.whole(), MergeOptions.defaults());

    merge(MergeOptions.builder().sortMemory(kilobytes << 10).threads(1).build());

    assertSame(dataset, dir.resolve("expected"));
  }

  @Test
  void anIncrementalMergeGivesTheBytesOfAFreshOne() throws Exception {
    MergeOptions options = MergeOptions.builder().cellDegrees(1).build();
    Outputs.write(out);
    merge(dir.resolve("expected"), Shard.whole(), options);
    Path later = out.resolve("naip/naip-4.parquet");
    byte[] bytes = Files.readAllBytes(later);
    Files.delete(later);

    MergeReport first = merge(options);
    Files.write(later, bytes);
    MergeReport second = merge();

    assertThat(first.rows()).isEqualTo(second.rows() - 42);
    assertThat(second.unchanged()).isPositive().isLessThan(second.cells());
    assertSame(dataset, dir.resolve("expected"));
    Map<String, byte[]> before = files(dataset);
    assertThat(merge().unchanged()).isEqualTo(second.cells());
    assertThat(files(dataset).keySet()).isEqualTo(before.keySet());
  }

  @Test
  void theJobsOfAnArrayGiveTheBytesOfOneMerge() throws Exception {
    MergeOptions options = MergeOptions.builder().cellDegrees(1).build();
    Outputs.write(out);
    merge(dir.resolve("expected"), Shard.whole(), options);

    for (int index = 0; index < 3; index++) {
      Shard shard = Shard.resolve(Map.of(), new Shard.Options(Integer.toString(index), null, "3"));
      merge(dataset, shard, options);
    }

    assertSame(dataset, dir.resolve("expected"));
  }

  @Test
  void largePartitionsAreSeveralFiles() throws Exception {
    scene("large").at(-99.9, 47.9).size(40, 40).dim(64).write(out);

    merge(MergeOptions.builder().cellDegrees(1).fileBytes(100_000).rowGroupRows(100).build());

    List<String> parts =
        files(dataset).keySet().stream().filter(name -> name.endsWith(".parquet")).toList();
    assertThat(parts).hasSizeBetween(4, 6);
    assertThat(query("SELECT count(DISTINCT chip_id) FROM " + table())).containsExactly("1600");
    assertThat(json("items/naip-2020-N47W100.json").get("assets").size()).isEqualTo(parts.size());
  }

  @Test
  void aDamagedFileIsNamedAndAllOthersAreMerged() throws Exception {
    Outputs.write(out);
    Path damaged = out.resolve("naip/naip-4.parquet");
    byte[] whole = Files.readAllBytes(damaged);
    byte[] bytes = whole.clone();
    // The footer is intact.
    bytes[1000] ^= 1;
    Files.write(damaged, bytes);
    Files.writeString(out.resolve("naip/empty.parquet"), "");
    try (Statement duckdb = connection.createStatement()) {
      duckdb.execute("COPY (SELECT 1 AS id) TO '" + out + "/naip/other.parquet' (FORMAT parquet)");
    }

    MergeReport report = merge();

    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.faults())
        .extracting(fault -> fault.key())
        .containsExactly("naip/empty.parquet", "naip/naip-4.parquet", "naip/other.parquet");
    assertThat(query("SELECT count(*) FROM " + table() + " WHERE platform = 'naip'"))
        .containsExactly(Integer.toString(8 * 42));

    assertThat(merge().exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    Files.write(damaged, whole);
    Files.delete(out.resolve("naip/empty.parquet"));
    Files.delete(out.resolve("naip/other.parquet"));
    assertThat(merge().exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(query("SELECT count(*) FROM " + table() + " WHERE platform = 'naip'"))
        .containsExactly(Integer.toString(9 * 42));
  }

  @Test
  void rowsWithValuesThatAreNotFiniteAreLeftOut() throws Exception {
    scene("a").write(out);
    scene("b").at(-99.2, 47.1).value(Float.NaN).write(out);
    scene("c").at(-99.1, 47.1).value(Float.NEGATIVE_INFINITY).write(out);

    MergeReport report = merge();

    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.notFinite()).isEqualTo(2);
    assertThat(report.rows()).isEqualTo(58);
    assertThat(merge().exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
  }

  @ParameterizedTest
  @CsvSource({
    "model hash, 99ff, FP32, 8, trained",
    "precision, 3f1e0123456789abcdef, BF16, 8, trained",
    "dimensions, 3f1e0123456789abcdef, FP32, 16, trained",
    "location-order, 3f1e0123456789abcdef, FP32, 8, swapped"
  })
  void filesThatCannotBeComparedAreRefusedUnlessAllowed(
      String what, String hash, DataType precision, int dim, String order) throws Exception {
    scene("a").write(out);
    scene("b")
        .at(-99.2, 47.1)
        .dim(dim)
        .write(
            out,
            new Provenance(
                "0.2.0", hash, "tiny", "onednn", precision, Map.of("location-order", order)));

    assertThatThrownBy(this::merge)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("naip/b.parquet cannot be compared with naip/a.parquet: " + what)
        .hasMessageContaining("--allow-mixed");

    MergeReport report = merge(MergeOptions.builder().allowMixed(true).build());
    assertThat(report.rows()).isEqualTo(40);
    assertThat(query("SELECT count(DISTINCT model) FROM " + table())).isNotEmpty();
  }

  @Test
  void filesWithoutRowsMakeAnEmptyDataset() throws Exception {
    scene("nothing").size(0, 0).write(out);

    assertThat(merge().exitCode()).isEqualTo(ExitCode.DONE);

    JsonNode collection = json("collection.json");
    assertThat(collection.get("table:row_count").intValue()).isZero();
    assertThatThrownBy(
            () -> {
              out = Files.createDirectories(dir.resolve("void"));
              merge();
            })
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void chipsOnTheAntimeridianAreInTheCellOfTheirCentreAndInRowGroupsOfTheirOwn() throws Exception {
    // Columns at 179.3 to 180.8 degrees east: one chip crosses in each row, beyond it two are west.
    scene("fiji").at(179.35, -16.1).edge(0.3).size(5, 2).write(out);

    merge(MergeOptions.builder().cellDegrees(1).build());

    assertThat(
            query(
                "SELECT cell, count(*), sum((bbox.xmax - bbox.xmin > 300)::INT) FROM "
                    + table()
                    + " GROUP BY cell ORDER BY cell"))
        .containsExactly("S17E179 4 0", "S17W180 6 2");
    assertThat(json("items/naip-2020-S17W180.json").get("bbox").get(0).doubleValue())
        .isBetween(179.9, 180.0);
    assertThat(json("items/naip-2020-S17W180.json").get("bbox").get(2).doubleValue())
        .isBetween(-179.2, -179.1);
    assertThat(json("items/naip-2020-S17W180.json").at("/geometry/type").stringValue())
        .isEqualTo("MultiPolygon");
    assertThat(
            query(
                "SELECT row_group_id, row_group_num_rows FROM parquet_metadata('"
                    + dataset
                    + "/data/**/cell=S17W180/*.parquet') WHERE column_id = 0 ORDER BY ALL"))
        .containsExactly("0 4", "1 2");
  }

  @Test
  void theNewestOrTheClearestChipOfAPlaceIsKept() throws Exception {
    scene("old").datetime("2019-06-01T00:00:00Z").cloud(0).write(out);
    scene("new").datetime("2021-06-01T00:00:00Z").cloud(0.5f).write(out);
    // Not the same chips: shifted by half a chip.
    scene("shifted").datetime("2018-06-01T00:00:00Z").at(-99.295, 47.2).write(out);
    // The same scene, embedded twice under two names.
    Files.createDirectories(out.resolve("again"));
    Files.copy(out.resolve("naip/new.parquet"), out.resolve("again/new.parquet"));

    MergeReport newest = merge(MergeOptions.builder().duplicates("newest").build());

    assertThat(newest.duplicates()).isEqualTo(40);
    assertThat(query("SELECT item_id, count(*) FROM " + table() + " GROUP BY ALL ORDER BY ALL"))
        .containsExactly("new 20", "shifted 20");
    dataset = dir.resolve("clearest");
    merge(MergeOptions.builder().duplicates("clearest").build());
    assertThat(query("SELECT item_id, count(*) FROM " + table() + " GROUP BY ALL ORDER BY ALL"))
        .containsExactly("old 20", "shifted 20");
  }

  @Test
  void duplicatesAcrossTheEdgeOfACellAreFound() throws Exception {
    // Centres 1e-7 degrees on both sides of 99 degrees west.
    scene("old").datetime("2019-06-01T00:00:00Z").at(-99.0050001, 47.2).size(1, 3).write(out);
    scene("new").datetime("2021-06-01T00:00:00Z").at(-99.0049999, 47.2).size(1, 3).write(out);

    merge(MergeOptions.builder().cellDegrees(1).duplicates("newest").build());

    assertThat(query("SELECT DISTINCT item_id FROM " + table())).containsExactly("new");
  }

  @Test
  void missingFilesAreAnErrorUnlessTheirRowsAreToBeRemoved() throws Exception {
    Outputs.write(out);
    merge();
    Files.delete(out.resolve("naip/naip-0.parquet"));

    assertThatThrownBy(this::merge)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("naip/naip-0.parquet")
        .hasMessageContaining("--remove-missing");

    merge(MergeOptions.builder().removeMissing(true).build());
    assertThat(query("SELECT count(*) FROM " + table() + " WHERE item_id = 'naip-0'"))
        .containsExactly("0");
    for (String platform : List.of("naip", "sentinel-2-l2a")) {
      try (Stream<Path> scenes = Files.list(out.resolve(platform))) {
        for (Path scene : scenes.filter(s -> platform.equals("naip")).toList()) {
          Files.delete(scene);
        }
      }
    }
    merge(MergeOptions.builder().removeMissing(true).build());
    assertThat(query("SELECT DISTINCT platform FROM " + table())).containsExactly("sentinel-2-l2a");
    assertThat(files(dataset).keySet()).noneMatch(name -> name.contains("naip"));
  }

  @ParameterizedTest
  @EnumSource(VectorType.class)
  void vectorsOfEveryTypeAreCarriedUnchanged(VectorType type) throws Exception {
    for (String id : List.of("a", "b")) {
      SceneTable table = scene(id).at(-99.3, id.equals("a") ? 47.2 : 47.18).table();
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (GeoParquetWriter writer =
          new GeoParquetWriter(
              table.info(), new VectorColumns(type, true, 0), Outputs.PROVENANCE, bytes)) {
        writer.write(new ChipRows(table.chips(), table.embeddings(), table.embeddings()));
        writer.finish(Map.of());
      }
      Files.createDirectories(out);
      Files.write(out.resolve(id + ".parquet"), bytes.toByteArray());
    }

    assertThat(merge().rows()).isEqualTo(40);

    String columns = "* EXCLUDE (geometry), md5(geometry)";
    assertThat(
            query(
                "SELECT * EXCLUDE (geometry, year, cell), md5(geometry) FROM "
                    + table()
                    + " ORDER BY chip_id"))
        .isEqualTo(query("SELECT " + columns + " FROM '" + out + "/*.parquet' ORDER BY chip_id"));
  }

  @Test
  void anotherLayoutIsRefused() throws Exception {
    Outputs.write(out);
    merge(MergeOptions.builder().cellDegrees(1).build());

    assertThatThrownBy(() -> merge(MergeOptions.builder().cellDegrees(2).build()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--cell: expected 2.0, found a dataset with 1.0");
    assertThatThrownBy(() -> merge(MergeOptions.builder().duplicates("newest").build()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--duplicates");
  }

  @Test
  void stacDescribesTheDataset() throws Exception {
    Outputs.write(out);

    merge(MergeOptions.builder().cellDegrees(1).build());

    JsonNode collection = json("collection.json");
    assertThat(collection.get("stac_version").stringValue()).isEqualTo("1.1.0");
    assertThat(collection.get("emb:dimensions").intValue()).isEqualTo(8);
    assertThat(collection.get("emb:type").stringValue()).isEqualTo("chip");
    assertThat(collection.get("data_type").stringValue()).isEqualTo("float32");
    assertThat(collection.get("table:row_count").intValue()).isEqualTo(778);
    assertThat(collection.at("/extent/temporal/interval/0/0").stringValue())
        .isEqualTo("2018-07-16T12:00:00Z");
    assertThat(collection.at("/extent/temporal/interval/0/1").stringValue())
        .isEqualTo("2021-04-03T17:20:11.024Z");
    List<String> links = new ArrayList<>();
    collection.get("links").forEach(link -> links.add(link.get("rel").stringValue()));
    assertThat(links).contains("root", "item", "emb:model", "emb:source-data");
    long rows = 0;
    for (JsonNode link : collection.get("links")) {
      if (link.get("rel").stringValue().equals("item")) {
        JsonNode item = json(link.get("href").stringValue().substring(2));
        rows += item.at("/properties/table:row_count").intValue();
        assertThat(item.get("bbox").size()).isEqualTo(4);
        JsonNode asset = item.at("/assets/data");
        Path data = dataset.resolve("items").resolve(asset.get("href").stringValue());
        assertThat(Files.size(data)).isEqualTo(asset.get("file:size").longValue());
      }
    }
    assertThat(rows).isEqualTo(778);
  }

  private static void damageFooter(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length - 600, bytes.length - 8, (byte) 0x55);
    Files.write(file, bytes);
  }

  private static void damageVectors(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[1000] ^= 1;
    Files.write(file, bytes);
  }

  private List<String> rowsByScene() throws SQLException {
    return query("SELECT item_id, count(*) FROM " + table() + " GROUP BY ALL ORDER BY ALL");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCellKeepsTheRowsOfAFileThatCanNoLongerBeRead(boolean footer) throws Exception {
    Path damaged = scene("a").write(out);
    scene("b").at(-99.2, 47.1).write(out);
    Path elsewhere = scene("far").at(20.2, 10.5).write(out);
    merge(MergeOptions.builder().cellDegrees(1).build());
    byte[] whole = Files.readAllBytes(damaged);
    if (footer) {
      damageFooter(damaged);
      damageFooter(elsewhere);
    } else {
      damageVectors(damaged);
    }
    Map<String, byte[]> before = files(dataset.resolve("data"));
    scene("c").at(-99.1, 47.1).write(out);

    MergeReport report = merge();

    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.faults()).extracting(f -> f.key()).contains("naip/a.parquet");
    assertThat(report.kept()).isEqualTo(footer ? 2 : 1);
    assertThat(rowsByScene()).containsExactly("a 20", "b 20", "far 20");
    assertThat(files(dataset.resolve("data"))).containsExactlyEntriesOf(before);

    Files.write(damaged, whole);
    assertThat(merge().kept()).isEqualTo(footer ? 1 : 0);
    assertThat(rowsByScene()).containsExactly("a 20", "b 20", "c 20", "far 20");
  }

  @Test
  void rowsOfAFileThatCannotBeReadAreRemovedOnRequest() throws Exception {
    Path damaged = scene("a").write(out);
    scene("b").at(-99.2, 47.1).write(out);
    Path elsewhere = scene("far").at(20.2, 10.5).write(out);
    merge(MergeOptions.builder().cellDegrees(1).build());
    damageFooter(damaged);
    damageFooter(elsewhere);

    MergeReport report = merge(MergeOptions.builder().removeMissing(true).build());

    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.kept()).isZero();
    assertThat(rowsByScene()).containsExactly("b 20");
  }

  @Test
  void aPartOfNothingButDuplicatesIsNotWritten() throws Exception {
    scene("a").size(2, 1).write(out);
    Path copies = dir.resolve("copies");
    scene("a").size(2, 1).write(copies);
    StoreOptions access = StoreOptions.standard();

    MergeReport report;
    try (EmbeddingFiles first = EmbeddingFiles.open(out.toString(), access);
        EmbeddingFiles second = EmbeddingFiles.open(copies.toString(), access);
        ObjectStore store = ObjectStores.open(dataset.toString(), access)) {
      report =
          DatasetMerge.merge(
              List.of(first, second),
              store,
              dataset.resolve("_kiln"),
              Shard.whole(),
              MergeOptions.builder().duplicates("newest").fileBytes(1).build());
    }

    assertThat(report.duplicates()).isEqualTo(2);
    assertThat(report.outputFiles()).isEqualTo(2);
    assertThat(
            query(
                "SELECT filename, count(*) FROM "
                    + table().replace(")", ", filename = true)")
                    + " GROUP BY ALL"))
        .hasSize(2)
        .allMatch(line -> line.endsWith(" 1"));
  }

  @Test
  void aFileWithOneInvalidFootprintLeavesNoRow() throws Exception {
    scene("a").write(out);
    Path damaged = scene("b").at(-99.2, 47.1).write(out);
    Outputs.rewrite(
        damaged,
        (number, row) -> {
          if (number == 13) {
            Outputs.damageFootprint(row);
          }
        },
        Map.of());

    MergeReport report = merge();

    assertThat(rowsByScene()).containsExactly("a 20");
    assertThat(report.faults())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.key()).isEqualTo("naip/b.parquet");
              assertThat(f.reason())
                  .isEqualTo(
                      "row group 0: row 13: column geometry: expected WKB, found other bytes");
            });
  }

  @Test
  void aFooterThatIsOddIsAFaultOfItsFileOnly() throws Exception {
    scene("a").write(out);
    Path emb = scene("emb").at(-99.2, 47.1).write(out);
    Outputs.rewrite(emb, (number, row) -> {}, Map.of("emb", "{\"emb:type\": "));
    Path kiln = scene("kiln").at(-99.2, 47.1).write(out);
    Outputs.rewrite(kiln, (number, row) -> {}, Map.of("kiln", "[]"));
    scene("late").at(-99.2, 47.1).datetime("2250-01-01T00:00:00Z").write(out);

    MergeReport report = merge();

    assertThat(rowsByScene()).containsExactly("a 20");
    assertThat(report.faults())
        .extracting(f -> f.key() + ": " + f.reason())
        .containsExactly(
            "naip/emb.parquet: footer key emb: expected JSON, found other text",
            "naip/kiln.parquet: footer key kiln: expected a JSON object, found other JSON",
            "naip/late.parquet: column datetime: expected years from 1800 to 2200, found 2250");
  }
}
