package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code --vectors}, {@code --patch-grid} and {@code --dtype}, as DuckDB reads their files. */
@Timeout(120)
class EmbedVectorsTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");
  private static final String KEY = "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716";

  @TempDir Path directory;
  private final StringWriter errors = new StringWriter();

  @BeforeEach
  void sceneAndModel() throws IOException {
    GeoTiffs.naip().size(600, 300).write(directory.resolve("source").resolve(KEY + ".tif"));
    Files.writeString(directory.resolve("scenes.txt"), KEY + ".tif\n");
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        directory.resolve("model"));
  }

  private int embed(String out, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "embed",
                "naip",
                "--scenes=" + directory.resolve("scenes.txt"),
                "--model=" + directory.resolve("model"),
                "--source=" + directory.resolve("source"),
                "--out=" + directory.resolve(out),
                "--progress=none"));
    arguments.addAll(List.of(more));
    errors.getBuffer().setLength(0);
    return Kiln.commandLine(Map.of(), List.of(EmbedCommand.class))
        .setErr(new PrintWriter(errors, true))
        .execute(arguments.toArray(String[]::new));
  }

  private Path chips(String out) {
    return directory.resolve(out).resolve(KEY + ".parquet");
  }

  private Path patches(String out) {
    return directory.resolve(out).resolve("_patches").resolve(KEY + ".parquet");
  }

  private static String query(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement();
        ResultSet rows = duckdb.executeQuery(sql)) {
      List<String> lines = new ArrayList<>();
      while (rows.next()) {
        List<String> line = new ArrayList<>();
        for (int c = 1; c <= rows.getMetaData().getColumnCount(); c++) {
          line.add(rows.getString(c));
        }
        lines.add(String.join(" ", line));
      }
      return String.join("\n", lines);
    }
  }

  private static JsonNode footer(Path file, String key) {
    return JsonMapper.shared().readTree(EmbeddingFile.open(file).footer().get(key));
  }

  @Test
  void meansAreAColumnAndPatchesAFileOfTheirOwn() throws Exception {
    assertThat(embed("plain")).as(errors.toString()).isZero();
    assertThat(embed("out", "--vectors=chip,mean,patches", "--patch-grid=4")).isZero();

    String files =
        "FROM '%s' a JOIN '%s' b USING (chip_id)".formatted(chips("plain"), chips("out"));
    assertThat(
            query(
                "SELECT count(*), max(array_distance(a.embeddings::FLOAT[64],"
                    + " b.embeddings::FLOAT[64])) < 1e-4 "
                    + files))
        .isEqualTo("2 true");
    // Every cell of a 4 x 4 grid has as many tokens, so that the mean of the cells is the mean.
    assertThat(
            query(
                "SELECT count(*), max(abs(m - embeddings_mean[i])) < 1e-5 FROM (SELECT chip_x,"
                    + " i, avg(embeddings[i]) AS m FROM '%s', range(1, 65) t(i) GROUP BY ALL) JOIN"
                        .formatted(patches("out"))
                    + " '%s' USING (chip_x)".formatted(chips("out"))))
        .isEqualTo("128 true");
    assertThat(
            query(
                "SELECT count(*), count(DISTINCT chip_id), max(patch_x), max(patch_y) FROM '%s'"
                    .formatted(patches("out"))))
        .isEqualTo("32 32 3 3");
    // Patches tile their chip: from its west edge to its east edge, in rows from north to south.
    assertThat(
            query(
                "SELECT bool_and(abs(p.w - c.bbox.xmin) < 1e-9 AND abs(p.n - c.bbox.ymax) < 1e-9"
                    + " AND abs(p.e - c.bbox.xmax) < 1e-9 AND p.width < 0.3 * (c.bbox.xmax -"
                    + " c.bbox.xmin) AND p.first > p.last) FROM (SELECT chip_x, min(bbox.xmin) AS"
                    + " w, max(bbox.xmax) AS e, max(bbox.ymax) AS n, max(bbox.xmax - bbox.xmin) AS"
                    + " width, max(bbox.ymax) FILTER (patch_y = 0) AS first, max(bbox.ymax) FILTER"
                    + " (patch_y"
                    + " = 3) AS last FROM '%s' GROUP BY chip_x) p JOIN '%s' c USING (chip_x)"
                        .formatted(patches("out"), chips("out"))))
        .isEqualTo("true");
    assertThat(footer(patches("out"), "emb").at("/emb:chip_layout/chip_size/0").intValue())
        .isEqualTo(64);
    assertThat(footer(chips("out"), "kiln").at("/options/vectors").stringValue())
        .isEqualTo("chip,mean,patches");
  }

  @Test
  void smallerTypesAreCloseAndReadBack() throws Exception {
    assertThat(embed("float32", "--vectors=chip,mean")).as(errors.toString()).isZero();
    assertThat(embed("float16", "--vectors=chip,mean", "--dtype=float16")).isZero();
    assertThat(embed("int8", "--vectors=chip,mean", "--dtype=INT8")).isZero();

    for (String column : List.of("embeddings", "embeddings_mean")) {
      String vector = "list_transform(%s, x -> x %s)::FLOAT[64]";
      String compare =
          "SELECT count(*), min(array_cosine_similarity(a.%s::FLOAT[64], %s)) > %s FROM '%s' a JOIN"
              + " '%s' b USING (chip_id)";
      assertThat(
              query(
                  compare.formatted(
                      column,
                      vector.formatted("b." + column, ""),
                      "0.999999",
                      chips("float32"),
                      chips("float16"))))
          .isEqualTo("2 true");
      assertThat(
              query(
                  compare.formatted(
                      column,
                      vector.formatted("b." + column, "* b." + column + "_scale"),
                      "0.9999",
                      chips("float32"),
                      chips("int8"))))
          .isEqualTo("2 true");
    }
    assertThat(query("SELECT typeof(embeddings) FROM '%s' LIMIT 1".formatted(chips("int8"))))
        .isEqualTo("TINYINT[]");
    assertThat(footer(chips("int8"), "emb").at("/emb:quantization/quantized_dtype").stringValue())
        .isEqualTo("int8");
    assertThat(footer(chips("float16"), "emb").get("data_type").stringValue()).isEqualTo("float16");

    float[] exact = EmbeddingFile.open(chips("float32")).vectors(0).values();
    float[] halves = EmbeddingFile.open(chips("float16")).vectors(0).values();
    float[] bytes = EmbeddingFile.open(chips("int8")).vectors(0).values();
    float[] cursor = new float[exact.length];
    EmbeddingFile.open(chips("int8")).vectorCursor(0).read(cursor, 0, 2);
    assertThat(cursor).isEqualTo(bytes);
    for (int row = 0; row < 2; row++) {
      float[] vector = Arrays.copyOfRange(exact, row * 64, (row + 1) * 64);
      float largest = 0;
      for (float value : vector) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int d = 0; d < 64; d++) {
        // Half a step: 11 bits of float16, 254 steps of int8.
        assertThat(Math.abs(halves[row * 64 + d] - vector[d]))
            .isLessThanOrEqualTo(Math.abs(vector[d]) / 2048);
        assertThat(Math.abs(bytes[row * 64 + d] - vector[d]))
            .isLessThanOrEqualTo(largest / 254 * 1.00001f);
      }
    }
  }

  @Test
  void otherVectorsThanThoseOfTheOutputAreRefused() {
    assertThat(embed("out")).isZero();

    assertThat(embed("out", "--vectors=chip,mean")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(embed("out", "--dtype=int8")).isEqualTo(ExitCode.CONFIGURATION.code());
  }

  @Test
  void wrongValuesAreUsageErrors() {
    for (String wrong :
        List.of("--vectors=mean", "--vectors=chip,tokens", "--patch-grid=4", "--dtype=int4")) {
      assertThat(embed("out", wrong)).as(wrong).isEqualTo(ExitCode.USAGE.code());
    }
    assertThat(embed("out", "--vectors=chip,patches", "--patch-grid=0"))
        .isEqualTo(ExitCode.USAGE.code());
    assertThat(embed("out", "--vectors=chip,patches", "--patch-grid=5"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(errors.toString()).contains("--patch-grid: expected a divisor of 32");
  }
}
