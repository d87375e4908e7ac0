package dev.kiln.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.testing.Footers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Other writers' files, made by DuckDB, and files that are not whole. */
class EmbeddingFileTest {
  @TempDir private Path dir;
  private Path path;

  @BeforeEach
  void path() {
    path = dir.resolve("file.parquet");
  }

  private EmbeddingFile write(String query, String options) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      duckdb.execute("COPY (%s) TO '%s' (FORMAT parquet%s)".formatted(query, path, options));
    }
    return EmbeddingFile.open(path);
  }

  private void writeScene(int rows, int dim) throws IOException {
    Files.write(
        path, GeoParquetWriter.toBytes(SampleTables.table(rows, dim), SampleTables.PROVENANCE));
  }

  @Test
  void keyWithoutAValueCountsAsAbsent() throws IOException {
    writeScene(3, 8);
    byte[] bytes = Footers.withKeyWithoutValue(Files.readAllBytes(path), "note");
    Files.write(path, bytes);

    EmbeddingFile file = EmbeddingFile.open(path);
    assertThat(file.footer()).containsKeys("geo", "kiln").doesNotContainKey("note");
    assertThat(file.keysWithoutValue()).containsExactly("note");
    assertThat(file.vectors(0).count()).isEqualTo(3);

    try (ParquetBytes open = ParquetBytes.open(path)) {
      RowFile rows = RowFile.open(open);
      assertThat(rows.footer()).isEqualTo(file.footer());
      assertThat(rows.rows()).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"uncompressed", "snappy", "gzip", "zstd"})
  void readsTheUsualCompressions(String codec) throws SQLException {
    for (String version : List.of("V1", "V2")) {
      EmbeddingFile file =
          write(
              "SELECT i::INTEGER AS id, [i, i + 0.5, -i]::FLOAT[] AS embeddings,"
                  + " 'row ' || i AS name FROM range(1000) t(i)",
              ", COMPRESSION " + codec + ", PARQUET_VERSION " + version);

      Vectors vectors = file.vectors(0);
      assertThat(vectors.count()).isEqualTo(1000);
      assertThat(Arrays.copyOfRange(vectors.values(), 2997, 3000))
          .containsExactly(999f, 999.5f, -999f);
      assertThat(file.values("id").get(999)).isEqualTo(999);
      assertThat(file.values("name").get(999)).isEqualTo("row 999");
    }
  }

  @Test
  void acceptsOtherNamesWiderValuesAndMissingColumns() throws SQLException {
    EmbeddingFile file =
        write(
            "SELECT DATE '2022-06-10' AS date, [1.5, 2.5]::DOUBLE[] AS embedding, true AS ok,"
                + " 7::BIGINT AS n, TIMESTAMP_NS '2022-06-10 01:02:03' AS at",
            "");

    assertThat(file.vectorColumn()).contains("embedding.list.element");
    assertThat(file.vectors(0).dim()).isEqualTo(2);
    assertThat(file.vectors(0).values()).containsExactly(1.5f, 2.5f);
    assertThat(file.values("date")).containsExactly(LocalDate.of(2022, 6, 10));
    assertThat(file.values("ok")).containsExactly(true);
    assertThat(file.values("n")).containsExactly(7L);
    assertThat(file.values("at")).containsExactly(Instant.parse("2022-06-10T01:02:03Z"));
  }

  @Test
  void rowsWithoutAVectorAreLeftOutAndNullValuesAreNull() throws SQLException {
    EmbeddingFile file =
        write(
            "SELECT * FROM (VALUES (1, [1, 2]::FLOAT[]), (NULL, NULL), (3, [3, 4]::FLOAT[]))"
                + " t(id, embeddings)",
            "");

    assertThat(file.rows()).isEqualTo(3);
    assertThat(file.vectors(0).count()).isEqualTo(2);
    assertThat(file.vectors(0).values()).containsExactly(1, 2, 3, 4);
    assertThat(file.values("id")).containsExactly(1, null, 3);
  }

  @Test
  void readsARowGroupAtATime() throws SQLException {
    EmbeddingFile file =
        write(
            "SELECT [i, i]::FLOAT[] AS embeddings FROM range(5000) t(i)", ", ROW_GROUP_SIZE 2048");

    assertThat(file.rowGroups()).isEqualTo(3);
    assertThat(file.vectors(2).count()).isEqualTo(5000 - 2 * 2048);
    assertThat(file.vectors(2).values()[0]).isEqualTo(4096f);
  }

  @Test
  void vectorsOfDifferentLengthAreAFault() throws SQLException {
    EmbeddingFile file = write("SELECT unnest([[1, 2], [3]])::FLOAT[] AS embeddings", "");

    assertThatThrownBy(() -> file.vectors(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            path
                + ": cannot read column embeddings.list.element:"
                + " expected vectors of 2 values, found one of 1");
  }

  @Test
  void aFileWithoutVectorsSaysSo() throws SQLException {
    EmbeddingFile file = write("SELECT 'text' AS embeddings", "");

    assertThat(file.vectorColumn()).isEmpty();
    assertThatThrownBy(() -> file.vectors(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected a list<float> column named embeddings, found none");
    assertThatThrownBy(() -> file.values("nowhere"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected a column nowhere");
  }

  @Test
  void anUnusualCompressionIsNamed() throws SQLException {
    EmbeddingFile file = write("SELECT 1 AS id", ", COMPRESSION lz4_raw");

    assertThatThrownBy(() -> file.values("id"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected compression ZSTD, SNAPPY, GZIP or none, found LZ4_RAW");
  }

  @Test
  void whatIsNotAParquetFileIsOneClearLine() throws IOException {
    assertThatThrownBy(() -> EmbeddingFile.open(path))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(path + ": expected a Parquet file, found none");
    assertThatThrownBy(() -> EmbeddingFile.open(dir))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(dir + ": expected a Parquet file, found a directory");
    for (String content : List.of("", "PAR1", "not a parquet file at all")) {
      Files.writeString(path, content);
      assertThatThrownBy(() -> EmbeddingFile.open(path))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining(path.toString())
          .hasMessageContaining("expected PAR1 at the end")
          .message()
          .doesNotContain("\n");
    }
  }

  @Test
  void everyTruncationOfTheEndIsAFault() throws IOException {
    writeScene(3, 8);
    byte[] whole = Files.readAllBytes(path);

    for (int length = 0; length < whole.length; length += 97) {
      Files.write(path, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> EmbeddingFile.open(path))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("cannot read footer");
    }
  }

  @Test
  void aFooterWithAWrongLengthIsAnError() throws IOException {
    writeScene(3, 8);
    byte[] bytes = Files.readAllBytes(path);
    for (byte wrong : new byte[] {0x7f, (byte) 0x80}) {
      bytes[bytes.length - 5] = wrong;
      Files.write(path, bytes);

      assertThatThrownBy(() -> EmbeddingFile.open(path))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("expected a footer within the file's");
    }
  }

  @Test
  void aFlippedByteInAPageIsFound() throws IOException {
    writeScene(200, 64);
    byte[] bytes = Files.readAllBytes(path);
    bytes[bytes.length / 2] ^= 1;
    Files.write(path, bytes);
    EmbeddingFile file = EmbeddingFile.open(path);

    assertThatThrownBy(() -> file.vectors(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("column embeddings.list.element: wrong checksum of the page");
  }
}
