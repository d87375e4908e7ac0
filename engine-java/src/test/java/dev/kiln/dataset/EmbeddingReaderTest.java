package dev.kiln.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.S3Server;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Datasets of Kiln's and DuckDB's writers, whole and damaged, local and in a bucket. */
class EmbeddingReaderTest {
  @TempDir private Path dir;
  private TestDataset dataset;

  @BeforeEach
  void threeScenes() throws IOException {
    dataset = new TestDataset(dir.resolve("out"));
    dataset.scene("a").at(10, 47).datetime("2019-06-01T12:00:00Z").write();
    dataset.scene("b").at(20, 47).cloudStep(0.1).datetime("2020-06-01T12:00:00Z").write();
    dataset.scene("c").at(30, 47).platform("sentinel-2-l2a").write();
    Files.createDirectories(dir.resolve("out/_kiln"));
    Files.writeString(dir.resolve("out/_kiln/report.parquet"), "not one of the files");
  }

  private EmbeddingFiles open() throws IOException {
    return EmbeddingFiles.open(dataset.uri(), StoreOptions.standard());
  }

  private List<String> ids(RowFilter filter) throws Exception {
    return ids(filter, new ReadReport[1]);
  }

  private List<String> ids(RowFilter filter, ReadReport[] report) throws Exception {
    List<String> ids = Collections.synchronizedList(new ArrayList<>());
    try (EmbeddingFiles files = open()) {
      report[0] =
          EmbeddingReader.builder(files)
              .filter(filter)
              .build()
              .read(batch -> ids.addAll(List.of(batch.chipIds())));
    }
    return ids;
  }

  @Test
  void listsParquetFilesAtAnyDepthButNotThoseOfReports() throws IOException {
    try (EmbeddingFiles files = open()) {
      assertThat(files.keys())
          .containsExactly("naip/a.parquet", "naip/b.parquet", "sentinel-2-l2a/c.parquet");
    }
  }

  @Test
  void aSingleFileIsADataset() throws IOException {
    String file = dir.resolve("out/naip/a.parquet").toString();
    try (EmbeddingFiles files = EmbeddingFiles.open(file, StoreOptions.standard())) {
      assertThat(files.keys()).containsExactly("a.parquet");
    }
  }

  @Test
  void aDirectoryWithoutFilesIsAnError() throws IOException {
    String empty = Files.createDirectories(dir.resolve("empty")).toString();

    assertThatThrownBy(() -> EmbeddingFiles.open(empty, StoreOptions.standard()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            empty + ": expected Parquet files written by kiln embed or kiln merge, found none");
  }

  @Test
  void deliversAllColumnsInOrder() throws Exception {
    List<EmbeddingBatch> batches = new ArrayList<>();
    try (EmbeddingFiles files = open()) {
      ReadReport report =
          EmbeddingReader.builder(files)
              .columns(EnumSet.allOf(Column.class))
              .build()
              .read(batches::add);
      assertThat(report.files()).isEqualTo(3);
      assertThat(report.rows()).isEqualTo(30);
      assertThat(report.delivered()).isEqualTo(30);
      assertThat(report.faults()).isEmpty();
    }

    assertThat(batches).hasSize(3);
    EmbeddingBatch b = batches.get(1);
    assertThat(b.size()).isEqualTo(10);
    assertThat(b.chipIds()[7]).isEqualTo("b-7-0");
    assertThat(b.itemIds()[7]).isEqualTo("b");
    assertThat(b.platforms()[7]).isEqualTo("naip");
    assertThat(b.datetime(7)).contains(Instant.parse("2020-06-01T12:00:00Z"));
    assertThat(b.box(7).getMinX()).isEqualTo(20.07);
    assertThat(b.box(7).getMaxY()).isEqualTo(47);
    assertThat(b.cloud()[7]).isEqualTo(0.7f);
    assertThat(b.nodata()[7]).isZero();
    assertThat(b.ref(7)).isEqualTo(new RowRef(1, 7));
    assertThat(b.vectors()).isEqualTo(TestDataset.random(400, "b".hashCode()));
    double squares = 0;
    for (float v : b.vector(7)) {
      squares += (double) v * v;
    }
    assertThat((double) b.norms()[7]).isCloseTo(Math.sqrt(squares), within());
  }

  private static Percentage within() {
    return Percentage.withPercentage(1e-4);
  }

  @Test
  void filtersByTimePlatformCloudIdAndArea() throws Exception {
    assertThat(ids(RowFilter.builder().from(Instant.parse("2020-01-01T00:00:00Z")).build()))
        .hasSize(20)
        .allMatch(id -> !id.startsWith("a"));
    assertThat(ids(RowFilter.builder().platforms(Set.of("sentinel-2-l2a")).build()))
        .hasSize(10)
        .allMatch(id -> id.startsWith("c"));
    assertThat(
            ids(
                RowFilter.builder()
                    .maxCloud(0.25)
                    .to(Instant.parse("2021-01-01T00:00:00Z"))
                    .build()))
        .hasSize(10 + 3 + 10);
    assertThat(ids(RowFilter.builder().chipIds(Set.of("a-3-0", "c-9-0", "z-0-0")).build()))
        .containsExactly("a-3-0", "c-9-0");
    assertThat(
            ids(
                RowFilter.builder()
                    .area(AreaOfInterest.ofBox(20.025, 46.995, 20.045, 46.998))
                    .build()))
        .containsExactly("b-2-0", "b-3-0", "b-4-0");
  }

  @Test
  void statisticsOfRowGroupsSaveReads() throws Exception {
    ReadReport[] report = new ReadReport[1];
    RowFilter filter =
        RowFilter.builder().area(AreaOfInterest.ofBox(20.025, 46.995, 20.045, 46.998)).build();

    ids(filter, report);
    assertThat(report[0].rowGroups()).isEqualTo(3);
    assertThat(report[0].skippedRowGroups()).isEqualTo(2);

    ids(RowFilter.builder().chipIds(Set.of("b-1-0")).build(), report);
    assertThat(report[0].skippedRowGroups()).isEqualTo(2);
  }

  @Test
  void anAreaAcrossTheAntimeridianFindsChipsOnBothSides() throws Exception {
    dataset.scene("d").at(179.985, -17).chips(4).write();

    assertThat(
            ids(
                RowFilter.builder()
                    .area(AreaOfInterest.ofBox(179.99, -17.1, -179.99, -16))
                    .build()))
        .containsExactly("d-0-0", "d-1-0", "d-2-0");
    assertThat(ids(RowFilter.builder().area(AreaOfInterest.ofBox(-1, -17.1, 1, -16)).build()))
        .isEmpty();
  }

  @Test
  void damagedFilesAreNamedAndTheOthersAreRead() throws Exception {
    Path a = dir.resolve("out/naip/a.parquet");
    byte[] bytes = Files.readAllBytes(a);
    bytes[bytes.length / 4] ^= 1;
    Files.write(a, bytes);
    Files.write(dir.resolve("out/naip/b.parquet"), Arrays.copyOf(bytes, bytes.length / 2));
    ReadReport[] report = new ReadReport[1];

    assertThat(ids(RowFilter.all(), report)).hasSize(10).allMatch(id -> id.startsWith("c"));
    assertThat(report[0].faults())
        .extracting(FileFault::key)
        .containsExactly("naip/a.parquet", "naip/b.parquet");
    assertThat(report[0].faults().get(0).reason())
        .startsWith(a + ": cannot read column embeddings.list.element: wrong checksum of the page");
    assertThat(report[0].faults().get(1).reason())
        .isEqualTo(
            dir.resolve("out/naip/b.parquet")
                + ": cannot read footer: expected PAR1 at the end, found none: not a Parquet file,"
                + " or truncated");
  }

  @Test
  void rowsWhoseVectorIsNotFiniteAreLeftOutAndCounted() throws Exception {
    float[] vectors = TestDataset.random(10 * TestDataset.DIM, 1);
    vectors[3 * TestDataset.DIM + 5] = Float.NaN;
    vectors[8 * TestDataset.DIM] = Float.NEGATIVE_INFINITY;
    dataset.scene("a").vectors(vectors).write();
    ReadReport[] report = new ReadReport[1];

    assertThat(ids(RowFilter.all(), report)).hasSize(28).doesNotContain("a-3-0", "a-8-0");
    assertThat(report[0].notFinite()).isEqualTo(2);
    try (EmbeddingFiles files = open()) {
      EmbeddingReader.builder(files)
          .build()
          .read(
              batch -> {
                if (batch.file() == 0) {
                  assertThat(batch.vector(3))
                      .containsExactly(
                          Arrays.copyOfRange(vectors, 4 * TestDataset.DIM, 5 * TestDataset.DIM));
                  assertThat(batch.rows()).containsExactly(0, 1, 2, 4, 5, 6, 7, 9);
                }
              });
    }
  }

  @Test
  void vectorsOfAnotherModelOrLengthAreRefusedUnlessAllowed() throws Exception {
    dataset.scene("c").provenance(TestDataset.provenance("sha256:other")).write();
    assertThatThrownBy(() -> ids(RowFilter.all()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            dir.resolve("out/naip/c.parquet")
                + ": model hash: expected sha256:model, found sha256:other, as in "
                + dir.resolve("out/naip/a.parquet")
                + ": vectors of different models cannot be compared");

    dataset.scene("c").dim(8).write();
    assertThatThrownBy(() -> ids(RowFilter.all()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            dir.resolve("out/naip/c.parquet")
                + ": expected vectors of 40 values, as in "
                + dir.resolve("out/naip/a.parquet")
                + ", found 8");

    List<Integer> dims = new ArrayList<>();
    try (EmbeddingFiles files = open()) {
      EmbeddingReader.builder(files).allowMixed(true).build().read(b -> dims.add(b.dim()));
    }
    assertThat(dims).containsExactly(40, 40, 8, 40);
  }

  @Test
  void readsSingleRowsInOrder() throws Exception {
    List<String> ids = new ArrayList<>();
    List<float[]> vectors = new ArrayList<>();
    try (EmbeddingFiles files = open()) {
      ReadReport report =
          EmbeddingReader.builder(files)
              .build()
              .read(
                  List.of(new RowRef(2, 9), new RowRef(0, 4), new RowRef(2, 0)),
                  batch -> {
                    ids.addAll(List.of(batch.chipIds()));
                    for (int i = 0; i < batch.size(); i++) {
                      vectors.add(batch.vector(i));
                    }
                  });
      assertThat(report.files()).isEqualTo(2);
    }

    assertThat(ids).containsExactly("a-4-0", "c-0-0", "c-9-0");
    assertThat(vectors.get(0))
        .containsExactly(Arrays.copyOfRange(TestDataset.random(400, "a".hashCode()), 160, 200));
  }

  /** Rows of several row groups in Hive partitions, of another writer and its encodings. */
  @ParameterizedTest
  @ValueSource(strings = {"PARQUET_VERSION V1", "PARQUET_VERSION V2", "COMPRESSION uncompressed"})
  void readsHivePartitionsOfDuckDb(String options) throws Exception {
    Path merged = dir.resolve("merged");
    sql(
        ("COPY (SELECT 'chip ' || i AS chip_id, 'p' || (i %% 2) AS platform, i %% 7 AS cell,"
                + " list_transform(range(24), k -> sin(i * 31 + k))::FLOAT[] AS embeddings,"
                + " {xmin: i / 1000, ymin: 0, xmax: i / 1000 + 0.001, ymax: 0.001} AS bbox"
                + " FROM range(20000) t(i)) TO '%s'"
                + " (FORMAT parquet, PARTITION_BY (platform, cell), WRITE_PARTITION_COLUMNS true,"
                + " ROW_GROUP_SIZE 2048, %s)")
            .formatted(merged, options));
    TreeMap<String, float[]> found = new TreeMap<>();
    try (EmbeddingFiles files = EmbeddingFiles.open(merged.toString(), StoreOptions.standard())) {
      assertThat(files.keys()).hasSize(14).allMatch(key -> key.matches("platform=p./cell=./.*"));
      ReadReport report =
          EmbeddingReader.builder(files)
              .threads(3)
              .build()
              .read(
                  batch -> {
                    synchronized (found) {
                      for (int i = 0; i < batch.size(); i++) {
                        found.put(batch.chipIds()[i], batch.vector(i));
                      }
                    }
                  });
      assertThat(report.faults()).isEmpty();
    }

    assertThat(found).hasSize(20000);
    for (int i = 0; i < 20000; i += 501) {
      for (int k = 0; k < 24; k++) {
        assertThat(found.get("chip " + i)[k]).isEqualTo((float) Math.sin(i * 31 + k));
      }
    }
  }

  @Test
  void missingVectorsInASecondPageAreLeftOut() throws Exception {
    Path file = Files.createDirectories(dir.resolve("nulls")).resolve("x.parquet");
    sql(
        ("COPY (SELECT 'chip ' || i AS chip_id, CASE WHEN i = 90000 THEN NULL ELSE"
                + " [i, i + 0.5, -i]::FLOAT[] END AS embeddings"
                + " FROM range(100000) t(i)) TO '%s' (FORMAT parquet)")
            .formatted(file));
    List<String> ids = new ArrayList<>();
    try (EmbeddingFiles files = EmbeddingFiles.open(file.toString(), StoreOptions.standard())) {
      ReadReport report =
          EmbeddingReader.builder(files)
              .build()
              .read(
                  batch -> {
                    for (int i = 0; i < batch.size(); i++) {
                      ids.add(batch.chipIds()[i]);
                      assertThat(batch.chipIds()[i])
                          .isEqualTo("chip " + (int) batch.vectors()[3 * i]);
                    }
                  });
      assertThat(report.notFinite()).isEqualTo(1);
    }
    assertThat(ids).hasSize(99_999).doesNotContain("chip 90000");
  }

  private static void sql(String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      duckdb.execute(statement);
    }
  }

  @Test
  void readsABucket() throws Exception {
    try (S3Server server = S3Server.start(Files.createDirectories(dir.resolve("s3")))) {
      server.upload(dir.resolve("out"), "embeddings");
      List<String> ids = new ArrayList<>();
      try (EmbeddingFiles files =
          EmbeddingFiles.open("s3://embeddings", S3Server.options(server.endpoint()))) {
        assertThat(files.directory()).isEmpty();
        assertThat(files.keys()).hasSize(3);
        EmbeddingReader.builder(files)
            .threads(2)
            .build()
            .read(
                batch -> {
                  synchronized (ids) {
                    ids.addAll(List.of(batch.chipIds()));
                  }
                });
      }
      assertThat(ids).hasSize(30).contains("a-0-0", "b-5-0", "c-9-0");
    }
  }

  @Test
  void errorsOfTheConsumerEndThePass() throws Exception {
    try (EmbeddingFiles files = open()) {
      EmbeddingReader reader = EmbeddingReader.builder(files).threads(3).build();
      assertThatThrownBy(
              () ->
                  reader.read(
                      batch -> {
                        throw new IOException("disk full");
                      }))
          .isInstanceOf(IOException.class)
          .hasMessage("disk full");
    }
  }
}
