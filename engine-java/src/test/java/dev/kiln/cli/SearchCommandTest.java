package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SearchCommandTest {
  @TempDir private Path dir;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private TestDataset dataset;

  @BeforeEach
  void writeScenes() throws IOException {
    dataset = new TestDataset(dir.resolve("out"));
    dataset.scene("a").at(10, 47).write();
    dataset.scene("b").at(20, 47).platform("landsat-c2-l2").cloudStep(0.1).write();
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Kiln.commandLine(Map.of(), List.of(SearchCommand.class))
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(
            Stream.concat(Stream.of("search", dataset.uri()), Arrays.stream(arguments))
                .toArray(String[]::new));
  }

  private static float[] vector(String scene, int chip) {
    float[] all = TestDataset.random(10 * TestDataset.DIM, scene.hashCode());
    return Arrays.copyOfRange(all, chip * TestDataset.DIM, (chip + 1) * TestDataset.DIM);
  }

  @Test
  void printsATableWithoutTheExample() {
    assertThat(run("--chip", "a-3-0", "-k", "4")).isZero();

    List<String> lines = out.toString().lines().toList();
    assertThat(lines).hasSize(5);
    assertThat(lines.get(0)).containsSubsequence("rank", "score", "chip", "platform", "date");
    assertThat(lines.get(1)).matches(" +1 +0\\.\\d{4}  [ab]-\\d-0 .*  2020-06-01 .*46\\.995000");
    assertThat(out.toString()).doesNotContain("a-3-0");
  }

  @Test
  void theExampleIsListedWhereRequested() {
    assertThat(run("--at", "10.035,46.995", "-k", "1", "--include-examples")).isZero();

    assertThat(out.toString()).contains(" 1.0000  a-3-0");
  }

  @Test
  void writesGeoJson() throws IOException {
    Path file = dir.resolve("similar.geojson");
    assertThat(run("--chip", "a-3-0", "-k", "30", "--max-cloud", "0.45", "-o", file.toString()))
        .isZero();

    JsonNode root = JsonMapper.shared().readTree(Files.readString(file));
    assertThat(root.path("type").asString()).isEqualTo("FeatureCollection");
    assertThat(root.path("features")).hasSize(9 + 5);
    JsonNode first = root.path("features").get(0);
    assertThat(first.path("properties").path("rank").intValue()).isEqualTo(1);
    assertThat(first.path("geometry").path("type").asString()).isEqualTo("Polygon");
    assertThat(first.path("geometry").path("coordinates").get(0)).hasSize(5);
  }

  @Test
  void writesGeoParquetThatReadersUnderstand() {
    Path file = dir.resolve("similar.parquet");
    assertThat(
            run(
                "--chip",
                "a-3-0",
                "--platform",
                "landsat-c2-l2",
                "-k",
                "30",
                "-o",
                file.toString()))
        .isZero();

    EmbeddingFile written = EmbeddingFile.open(file);
    assertThat(written.rows()).isEqualTo(10);
    assertThat(written.values("rank").get(9)).isEqualTo(10);
    assertThat(written.values("platform")).containsOnly("landsat-c2-l2");
    assertThat((Double) written.values("bbox.xmin").get(0)).isCloseTo(20.05, within(0.06));
    assertThat(written.footer().get("geo")).contains("\"version\":\"1.1.0\"");
  }

  @Test
  void writesJson() {
    assertThat(run("--chip", "a-3-0", "--format", "json", "--datetime", "2020", "-o", "-"))
        .isZero();

    JsonNode root = JsonMapper.shared().readTree(out.toString());
    assertThat(root.path("approximate").booleanValue()).isFalse();
    assertThat(root.path("matches")).hasSize(10);
    assertThat(root.path("matches").get(0).path("datetime").asString())
        .isEqualTo("2020-06-01T12:00:00Z");
  }

  @Test
  void readsVectorsOfNumpyAndJson() throws IOException {
    float[] vector = vector("b", 6);
    Path json = dir.resolve("v.json");
    Files.writeString(json, JsonMapper.shared().writeValueAsString(vector));
    Path float32 = dir.resolve("v32.npy");
    Files.write(float32, numpy("<f4", "(40,)", vector));
    Path float64 = dir.resolve("v64.npy");
    Files.write(float64, numpy("<f8", "(1, 40)", vector));

    for (Path file : List.of(json, float32, float64)) {
      assertThat(run("--vector", file.toString(), "-k", "1")).isZero();
      assertThat(out.toString()).contains(" 1.0000  b-6-0");
    }
  }

  /** As numpy.save writes it. */
  private static byte[] numpy(String type, String shape, float[] values) {
    String header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }".formatted(type, shape);
    byte[] text = String.format("%-117s\n", header).getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer file =
        ByteBuffer.allocate(10 + text.length + 8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    file.putShort((short) text.length).put(text);
    for (float value : values) {
      if (type.equals("<f4")) {
        file.putFloat(value);
      } else {
        file.putDouble(value);
      }
    }
    return Arrays.copyOf(file.array(), file.position());
  }

  @Test
  void negativeExamplesChangeTheResult() {
    assertThat(run("--chip", "a-3-0", "-k", "18")).isZero();
    String without = out.toString();
    assertThat(run("--chip", "a-3-0", "--not-chip", "b-2-0", "-k", "18")).isZero();

    assertThat(out.toString()).isNotEqualTo(without).doesNotContain("b-2-0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-k 3 | 2 | expected an example: --at, --chip, --vector or --image, found none",
        "--image x.tif | 2 | --image: expected --model, found none",
        "--image x.tif --model m | 2 | --image: expected --image-platform or one --platform",
        "--chip a-3-0 -k 0 | 2 | --count: expected 1 or more, found 0",
        "--at 200,0 | 2 | --at: expected LON,LAT in degrees, found '200,0'",
        "--at 10 | 2 | --at: expected LON,LAT in degrees, found '10'",
        "--chip a-3-0 --bbox 1,2,3 | 2 | --bbox: expected W,S,E,N in degrees, found '1,2,3'",
        "--chip a-3-0 -o x.csv | 2 | --out x.csv: expected a name that ends in .geojson",
        "--chip a-3-0 --format geoparquet | 2 | --format geoparquet: expected a file to write",
        "--chip a-3-0 --max-cloud 2 | 2 | --max-cloud: expected a fraction from 0 to 1, found 2.0",
        "--chip zzz | 78 | --chip zzz: expected a chip of ",
        "--at 1,1 | 78 | expected a chip of ",
        "--chip a-3-0 -o missing/x.json | 78 | --out missing/x.json: no such directory: ",
        "--vector missing.npy | 78 | missing.npy: there is no such file",
      })
  void errorsAreOneLine(String arguments, int exitCode, String message) {
    assertThat(run(arguments.split(" "))).isEqualTo(exitCode);
    assertThat(err.toString()).contains(message);
  }

  @Test
  void aDamagedFileIsReportedByTheExitCode() throws IOException {
    Files.write(dir.resolve("out/landsat-c2-l2/b.parquet"), new byte[50]);

    assertThat(run("--chip", "a-3-0")).isEqualTo(65);
    assertThat(out.toString().lines()).hasSize(10);
  }
}
