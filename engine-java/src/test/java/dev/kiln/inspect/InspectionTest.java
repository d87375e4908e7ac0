package dev.kiln.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.SampleTables;
import dev.kiln.sink.SceneTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class InspectionTest {
  @TempDir private Path dir;

  private Inspection inspect(SceneTable table) throws IOException {
    Path path = dir.resolve("scene.parquet");
    Files.write(path, GeoParquetWriter.toBytes(table, SampleTables.PROVENANCE));
    return Inspection.of(path);
  }

  @Test
  void textShowsSchemaRowsFooterAndVectors() throws IOException {
    String text = inspect(SampleTables.table(12, 64)).text();

    assertThat(text)
        .contains("rows     12 (row groups: 1)")
        .contains("times    2018-07-16T12:00:00.123456Z")
        .containsPattern("chip_id +string .* m_4709963_se_14_1_20180716-0-0")
        .containsPattern("embeddings\\.list\\.element +list<float>")
        .containsPattern("geometry +binary .* POLYGON \\(\\(-99\\.1")
        .contains("  date  2018-07-16")
        .contains("\"location-order\":\"trained\"")
        .contains("count    12 of 64 values each")
        .contains("invalid  0 NaN, 0 infinite")
        .contains("   1.000000  ");
    assertThat(text.lines()).allMatch(line -> line.equals(line.stripTrailing()));
  }

  @Test
  void jsonHoldsTheSameWithFooterValuesAsJson() throws IOException {
    JsonNode json = JsonMapper.shared().readTree(inspect(SampleTables.table(12, 64)).json());

    assertThat(json.get("rows").longValue()).isEqualTo(12);
    assertThat(json.get("columns").size()).isEqualTo(17);
    assertThat(json.get("columns").get(0).get("first_value").stringValue())
        .isEqualTo("m_4709963_se_14_1_20180716-0-0");
    assertThat(json.at("/footer/kiln/model_size").stringValue()).isEqualTo("micro");
    assertThat(json.at("/footer/gsd").stringValue()).isEqualTo("0.6");
    assertThat(json.at("/vectors/count").longValue()).isEqualTo(12);
    assertThat(json.at("/vectors/dim").intValue()).isEqualTo(64);
    assertThat(json.at("/vectors/cosines/1/1").doubleValue()).isEqualTo(1);
  }

  @Test
  void aFileWithoutRowsIsShownWithoutNorms() throws IOException {
    Inspection empty = inspect(SampleTables.table(0, 64));

    assertThat(empty.text()).contains("rows     0").contains("count    0").doesNotContain("norm");
    JsonNode json = JsonMapper.shared().readTree(empty.json());
    assertThat(json.at("/vectors/norm_min").isNull()).isTrue();
    assertThat(json.at("/columns/0/first_value").isNull()).isTrue();
  }

  @Test
  void nanIsCountedAndJsonStaysJson() throws IOException {
    Inspection odd = inspect(SampleTables.table(1, 2, new float[] {Float.NaN, 1}));

    assertThat(odd.text()).contains("invalid  1 NaN, 0 infinite");
    assertThat(odd.json()).doesNotContain("NaN");
  }

  @Test
  void anotherWritersFileIsShownAsFarAsItGoes() throws Exception {
    Path path = dir.resolve("other.parquet");
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      duckdb.execute(
          "COPY (SELECT * FROM (VALUES (DATE '2022-06-11', 'b'), (NULL, 'c'),"
              + " (DATE '2022-06-10', 'a')) t(date, geometry)) TO '"
              + path
              + "' (FORMAT parquet)");
    }

    String text = Inspection.of(path).text();

    assertThat(text)
        .contains("times    2022-06-10 to 2022-06-11")
        .contains("date or null")
        .contains("no vectors: no list<float> column named embeddings or embedding");
  }

  @Test
  void vectorsThatChangeLengthBetweenRowGroupsAreOneClearLine() throws Exception {
    Path path = dir.resolve("ragged.parquet");
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      duckdb.execute(
          "COPY (SELECT CASE WHEN i < 2048 THEN [1] ELSE [1, 2] END::FLOAT[] AS embeddings"
              + " FROM range(4096) t(i)) TO '"
              + path
              + "' (FORMAT parquet, ROW_GROUP_SIZE 2048)");
    }

    assertThatThrownBy(() -> Inspection.of(path))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(path + ": expected vectors of 1 values, found 2");
  }
}
