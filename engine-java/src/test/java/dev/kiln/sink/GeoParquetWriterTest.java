package dev.kiln.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.locationtech.jts.geom.Envelope;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class GeoParquetWriterTest {
  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir private Path dir;

  private EmbeddingFile write(SceneTable table) throws IOException {
    Path path = dir.resolve("scene.parquet");
    Files.write(path, GeoParquetWriter.toBytes(table, SampleTables.PROVENANCE));
    return EmbeddingFile.open(path);
  }

  @Test
  void everyValueComesBackAsItWas() throws IOException {
    SceneTable table = SampleTables.table(23, 40);

    EmbeddingFile file = write(table);

    assertThat(file.rows()).isEqualTo(23);
    assertThat(file.rowGroups()).isEqualTo(1);
    assertThat(file.vectors(0).dim()).isEqualTo(40);
    assertThat(file.vectors(0).values()).isEqualTo(table.embeddings());
    assertThat(file.values("item_id")).containsOnly("m_4709963_se_14_1_20180716");
    assertThat(file.values("platform")).containsOnly("naip");
    assertThat(file.values("datetime")).containsOnly(Instant.parse("2018-07-16T12:00:00.123456Z"));
    assertThat(file.values("gsd")).containsOnly(0.6f);
    for (int i = 0; i < 23; i++) {
      Chip chip = table.chips().get(i);
      assertThat(file.values("chip_id").get(i))
          .isEqualTo("m_4709963_se_14_1_20180716-" + chip.x() + "-" + chip.y());
      assertThat(file.values("chip_x").get(i)).isEqualTo(chip.x());
      assertThat(file.values("chip_y").get(i)).isEqualTo(chip.y());
      assertThat(file.values("cloud").get(i)).isEqualTo(chip.cloud());
      assertThat(file.values("nodata").get(i)).isEqualTo(chip.nodata());
      assertThat(file.values("geometry").get(i)).isEqualTo(chip.footprint().wkb());
      Envelope box = chip.footprint().geometry().getEnvelopeInternal();
      assertThat(
              List.of(
                  file.values("bbox.xmin").get(i),
                  file.values("bbox.ymin").get(i),
                  file.values("bbox.xmax").get(i),
                  file.values("bbox.ymax").get(i)))
          .containsExactly(box.getMinX(), box.getMinY(), box.getMaxX(), box.getMaxY());
    }
  }

  @Test
  void severalPagesOfVectorsComeBackInOrder() throws IOException {
    SceneTable table = SampleTables.table(700, 1024);

    assertThat(write(table).vectors(0).values()).isEqualTo(table.embeddings());
  }

  @Test
  void rowGroupsComeBackInOrderWithOneFooter() throws IOException {
    SceneTable whole = SampleTables.table(23, 40);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GeoParquetWriter writer =
        new GeoParquetWriter(whole.info(), SampleTables.PROVENANCE, bytes)) {
      for (int from : new int[] {0, 10, 20}) {
        int to = Math.min(23, from + 10);
        writer.write(
            new ChipRows(
                whole.chips().subList(from, to),
                Arrays.copyOfRange(whole.embeddings(), from * 40, to * 40)));
      }
      writer.write(new ChipRows(List.of(), new float[0]));
      writer.finish(Map.of("offset", "known late"));
      assertThat(writer.bytes()).isEqualTo(bytes.size());
    }
    Path path = dir.resolve("groups.parquet");
    Files.write(path, bytes.toByteArray());

    EmbeddingFile file = EmbeddingFile.open(path);

    assertThat(file.rowGroups()).isEqualTo(3);
    assertThat(file.rows()).isEqualTo(23);
    assertThat(file.values("chip_id")).isEqualTo(write(whole).values("chip_id"));
    assertThat(file.vectors(2).values())
        .isEqualTo(Arrays.copyOfRange(whole.embeddings(), 20 * 40, 23 * 40));
    assertThat(file.footer().get("geo")).isEqualTo(write(whole).footer().get("geo"));
    assertThat(file.footer().get("kiln")).contains("known late");
  }

  @Test
  void nanAndInfinityArePreserved() throws IOException {
    float[] odd = {Float.NaN, 1, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE, Float.MAX_VALUE};

    assertThat(write(SampleTables.table(2, 3, odd)).vectors(0).values()).isEqualTo(odd);
  }

  @Test
  void aSceneWithoutChipsIsAFileWithoutRows() throws IOException {
    EmbeddingFile file = write(SampleTables.table(0, 1024));

    assertThat(file.rows()).isZero();
    assertThat(file.columns()).hasSize(17);
    assertThat(file.footer()).containsKeys("geo", "date", "gsd", "uri", "emb", "kiln");
    assertThat(geometry(file).has("bbox")).isFalse();
    assertThat(JSON.readTree(file.footer().get("emb")).get("emb:dimensions").intValue())
        .isEqualTo(1024);
  }

  @Test
  void theSameTableGivesTheSameBytesOnAnyThread() {
    SceneTable table = SampleTables.table(200, 256);
    byte[] once = GeoParquetWriter.toBytes(table, SampleTables.PROVENANCE);

    assertThat(IntStream.range(0, 8).parallel().mapToObj(i -> table))
        .allSatisfy(
            same ->
                assertThat(GeoParquetWriter.toBytes(same, SampleTables.PROVENANCE))
                    .isEqualTo(once));
  }

  @Test
  void theWriterNamesItselfByVersionAlone() throws IOException {
    assertThat(write(SampleTables.table(1, 1)).createdBy())
        .matches("parquet-mr version 1\\.18\\.1 \\(build [0-9a-f]{40}\\)");
  }

  @Test
  void vectorsAreSplitByByteAndAllIsZstd() throws IOException {
    List<FileColumn> columns = write(SampleTables.table(20, 64)).columns();

    assertThat(columns).allSatisfy(c -> assertThat(c.codecs()).containsExactly("ZSTD"));
    assertThat(columns)
        .filteredOn(FileColumn::repeated)
        .singleElement()
        .satisfies(
            c -> {
              assertThat(c.path()).isEqualTo("embeddings.list.element");
              assertThat(c.encodings()).contains("BYTE_STREAM_SPLIT").doesNotContain("PLAIN");
            });
  }

  @Test
  void geoSaysWhatGeoParquetAsksFor() throws IOException {
    SceneTable table = SampleTables.table(7, 4);
    EmbeddingFile file = write(table);

    JsonNode geo = JSON.readTree(file.footer().get("geo"));
    assertThat(geo.get("version").stringValue()).isEqualTo("1.1.0");
    assertThat(geo.get("primary_column").stringValue()).isEqualTo("geometry");
    JsonNode geometry = geometry(file);
    assertThat(geometry.get("encoding").stringValue()).isEqualTo("WKB");
    assertThat(geometry.get("geometry_types").toString()).isEqualTo("[\"Polygon\"]");
    assertThat(geometry.get("edges").stringValue()).isEqualTo("planar");
    assertThat(geometry.get("orientation").stringValue()).isEqualTo("counterclockwise");
    assertThat(geometry.get("covering").toString())
        .isEqualTo(
            "{\"bbox\":{\"xmin\":[\"bbox\",\"xmin\"],\"ymin\":[\"bbox\",\"ymin\"],"
                + "\"xmax\":[\"bbox\",\"xmax\"],\"ymax\":[\"bbox\",\"ymax\"]}}");
    Envelope bounds = new Envelope();
    table
        .chips()
        .forEach(c -> bounds.expandToInclude(c.footprint().geometry().getEnvelopeInternal()));
    assertThat(geometry.get("bbox").values().stream().map(JsonNode::doubleValue))
        .containsExactly(bounds.getMinX(), bounds.getMinY(), bounds.getMaxX(), bounds.getMaxY());
  }

  @Test
  void aChipAcrossTheAntimeridianIsAMultipolygon() throws IOException {
    Footprint cut = new Footprint(new double[] {-179, 179, 179, -179}, new double[] {1, 1, 0, 0});
    SceneTable table =
        new SceneTable(
            new SceneInfo("id", "naip", Instant.EPOCH, 1, "uri", 256, 1),
            List.of(new Chip(0, 0, 0, 0, cut)),
            new float[1]);

    JsonNode geometry = geometry(write(table));
    assertThat(geometry.get("geometry_types").toString())
        .isEqualTo("[\"MultiPolygon\",\"Polygon\"]");
    assertThat(geometry.get("bbox").toString()).isEqualTo("[-180.0,0.0,180.0,1.0]");
  }

  @Test
  void footerHasSourceEmbeddingAndProvenance() throws IOException {
    EmbeddingFile file = write(SampleTables.table(7, 4));

    assertThat(file.footer())
        .containsEntry("date", "2018-07-16")
        .containsEntry("gsd", "0.6")
        .containsEntry(
            "uri", "s3://naip-analytic/nd/2018/60cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif")
        .containsEntry(
            "emb",
            "{\"stac_extensions\":[\"https://stac-extensions.github.io/embeddings/v0.0.1/schema.json\"],"
                + "\"emb:type\":\"chip\",\"emb:dimensions\":4,\"data_type\":\"float32\",\"gsd\":0.6,"
                + "\"emb:chip_layout\":{\"layout_type\":\"regular_grid\",\"chip_size\":[256,256],"
                + "\"stride\":[256,256]},"
                + "\"emb:quantization\":{\"method\":\"none\",\"original_dtype\":\"float32\"}}")
        .containsEntry(
            "kiln",
            "{\"version\":\"0.1.0\",\"model_hash\":\"sha256:0f1e\",\"model_size\":\"micro\","
                + "\"encoder\":\"cpu\",\"precision\":\"fp32\","
                + "\"options\":{\"chip\":\"256\",\"location-order\":\"trained\"}}");
  }

  @Test
  void hadoopIsNotThereToBeNeeded() {
    assertThatThrownBy(() -> Class.forName("org.apache.hadoop.conf.Configuration"))
        .isInstanceOf(ClassNotFoundException.class);
  }

  @Test
  void aTableWhoseVectorsDoNotMatchItsChipsIsRefused() {
    assertThatThrownBy(() -> SampleTables.table(3, 4, new float[11]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 3 chips x 4 values, found 11");
    assertThatThrownBy(() -> SampleTables.table(0, 0, new float[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected positive dim, chip size and stride, found 0");
  }

  private static JsonNode geometry(EmbeddingFile file) {
    return JSON.readTree(file.footer().get("geo")).get("columns").get("geometry");
  }
}
