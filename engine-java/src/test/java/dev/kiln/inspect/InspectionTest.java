package dev.kiln.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.SampleTables;
import dev.kiln.sink.SceneTable;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Map;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

  /** Changes the footer of a file so that its first row group has no rows, as pyarrow can write. */
  private static void emptyFirstRowGroup(Path path) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = bytes.length - 8 - file.getInt(bytes.length - 8);
    FileMetaData footer =
        Util.readFileMetaData(new ByteArrayInputStream(bytes, at, bytes.length - 8 - at));
    RowGroup first = footer.getRow_groups().get(0);
    footer.setNum_rows(footer.getNum_rows() - first.getNum_rows());
    first.setNum_rows(0);
    first.getColumns().forEach(column -> column.getMeta_data().setNum_values(0));
    ByteArrayOutputStream changed = new ByteArrayOutputStream();
    changed.write(bytes, 0, at);
    Util.writeFileMetaData(footer, changed);
    ByteBuffer end = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    end.putInt(changed.size() - at).put("PAR1".getBytes(StandardCharsets.US_ASCII));
    changed.write(end.array());
    Files.write(path, changed.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {2048, 4096})
  void rowGroupsWithoutRowsHaveNoVectors(int rows) throws Exception {
    Path path = dir.resolve("groups.parquet");
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      duckdb.execute(
          "COPY (SELECT 'row ' || i AS id, [1, i]::FLOAT[] AS embeddings FROM range("
              + rows
              + ") t(i)) TO '"
              + path
              + "' (FORMAT parquet, ROW_GROUP_SIZE 2048)");
    }
    emptyFirstRowGroup(path);

    Inspection found = Inspection.of(path);

    int left = rows - 2048;
    assertThat(found.text())
        .contains("rows     %,d (row groups: %d)".formatted(left, rows / 2048))
        .contains("count    %,d of %d values each".formatted(left, left == 0 ? 0 : 2));
    assertThat(found.firstValues()).isEqualTo(left == 0 ? Map.of() : Map.of("id", "row 2048"));
    assertThat(JsonMapper.shared().readTree(found.json()).at("/vectors/count").longValue())
        .isEqualTo(left);
  }

  @Test
  void controlCharactersOfAFileAreEscaped() throws Exception {
    String escape = "\u001b[31m";
    Path path = dir.resolve("red" + escape + ".parquet");
    Path plain = dir.resolve("plain.parquet");
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      duckdb.execute(
          "COPY (SELECT 'a"
              + escape
              + "' AS \"id"
              + escape
              + "\", 'line\n\u202eforged' AS note) TO '"
              + plain
              + "' (FORMAT parquet, KV_METADATA {'key"
              + escape
              + "': 'value"
              + escape
              + "'})");
    }
    Files.move(plain, path);

    String text = Inspection.of(path).text();

    assertThat(text.chars().filter(c -> c != '\n').noneMatch(Character::isISOControl)).isTrue();
    assertThat(text)
        .contains("red\\u001b[31m.parquet", "id\\u001b[31m", "a\\u001b[31m")
        .contains("value\\u001b[31m", "line\\n\\u202eforged");
  }
}
