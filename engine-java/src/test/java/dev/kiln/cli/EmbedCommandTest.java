package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.io.Sha256;
import dev.kiln.logging.Logging;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.Reports;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a user or a scheduler sees of {@code kiln embed} and {@code kiln doctor}. */
@Timeout(120)
class EmbedCommandTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");
  private static final String KEY = "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif";

  @TempDir Path directory;
  private final StringWriter printed = new StringWriter();
  private final StringWriter errors = new StringWriter();

  @BeforeEach
  void sceneAndModel() throws IOException {
    GeoTiffs.naip().size(300, 300).write(directory.resolve("source").resolve(KEY));
    Files.writeString(directory.resolve("scenes.txt"), "# one scene\r\n" + KEY + "\r\n");
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        directory.resolve("model"));
  }

  private int kiln(String... arguments) {
    CommandLine kiln =
        Kiln.commandLine(Map.of(), List.of(EmbedCommand.class, DoctorCommand.class))
            .setOut(new PrintWriter(printed, true))
            .setErr(new PrintWriter(errors, true));
    return kiln.execute(arguments);
  }

  /** Embeds with these arguments after, and so instead of, those that work. */
  private int embed(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "embed",
                "naip",
                "--scenes=" + directory.resolve("scenes.txt"),
                "--model=" + directory.resolve("model"),
                "--source=" + directory.resolve("source"),
                "--out=" + directory.resolve("out"),
                "--progress=none"));
    for (String argument : more) {
      String name = argument.replaceFirst("=.*", "=");
      arguments.removeIf(a -> argument.contains("=") && a.startsWith(name));
      arguments.add(argument.replace("DIRECTORY", directory.toString()));
    }
    return kiln(arguments.toArray(String[]::new));
  }

  private Path file() {
    return directory.resolve("out").resolve(KEY.replace(".tif", ".parquet"));
  }

  @Test
  void embedsAndReports() throws IOException {
    assertThat(embed("--price-per-hour=2.5")).as(errors.toString()).isEqualTo(ExitCode.DONE.code());
    assertThat(file()).exists();
    assertThat(Reports.latest(directory.resolve("out")))
        .contains("\"embedded\" : 1", "\"cost\" : ", "\"name\" : \"");
  }

  @Test
  void reportSaysWhatRanWhereAndOnWhichList() throws IOException {
    assertThat(embed("--index=0", "--items-per-job=5")).isEqualTo(ExitCode.DONE.code());
    Path report = Reports.of(directory.resolve("out"), "shard-00000").get(0);
    JsonNode attempt = JsonMapper.shared().readTree(report.toFile()).path("attempt");
    assertThat(attempt.path("host").asString()).isNotEmpty();
    assertThat(attempt.path("process").asLong()).isPositive();
    assertThat(attempt.path("revision").asString()).matches("[0-9a-f]{12}|unknown");
    JsonNode context = attempt.path("context");
    assertThat(context.path("command").asString())
        .startsWith("kiln embed naip --scenes=")
        .endsWith(" --index=0 --items-per-job=5");
    assertThat(context.path("index").asString()).isEqualTo("0");
    // Of the key and a line feed; comments and line ends of the list do not count.
    assertThat(context.path("scenesSha256").asString())
        .isEqualTo(HexFormat.of().formatHex(Sha256.digest().digest((KEY + "\n").getBytes())));
    assertNoTextForNumbers(JsonMapper.shared().readTree(report.toFile()));
  }

  @Test
  void reportOfARunWithoutScenesHasNoTextForNumbers() throws IOException {
    assertThat(embed("--index=7", "--items-per-job=1")).isEqualTo(ExitCode.DONE.code());
    Path report = Reports.of(directory.resolve("out"), "shard-00007").get(0);
    assertNoTextForNumbers(JsonMapper.shared().readTree(report.toFile()));
  }

  private static void assertNoTextForNumbers(JsonNode node) {
    if (node.isString()) {
      assertThat(node.asString()).isNotIn("NaN", "Infinity", "-Infinity", "null", "");
    }
    node.forEach(EmbedCommandTest::assertNoTextForNumbers);
  }

  @Test
  void logInJsonHasFieldsAndCloudWatchMetrics() throws IOException {
    String evil = "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180717\u001b[2J.tif";
    Files.writeString(directory.resolve("scenes.txt"), KEY + "\n" + evil + "\n");
    PrintStream stderr = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      assertThat(
              embed(
                  "--log-format=json",
                  "--cloudwatch-metrics=Kiln",
                  "--run-name=test",
                  "--index=0",
                  "--items-per-job=5"))
          .isEqualTo(ExitCode.SCENES_FAILED.code());
    } finally {
      System.setErr(stderr);
      Logging.configure(Logging.Level.INFO, Logging.Format.TEXT);
    }
    List<JsonNode> lines = new ArrayList<>();
    for (String line : log.toString(StandardCharsets.UTF_8).split("\n")) {
      assertThat(line.chars()).as(line).noneMatch(Character::isISOControl);
      lines.add(JsonMapper.shared().readTree(line));
    }
    assertThat(lines)
        .allSatisfy(
            line -> {
              assertThat(Instant.parse(line.path("time").asString())).isBefore(Instant.now());
              assertThat(line.path("level").asString()).isIn("INFO", "WARN");
              assertThat(line.path("message").asString()).isNotEmpty();
            });
    JsonNode failed =
        lines.stream().filter(line -> line.path("level").asString().equals("WARN")).toList().get(0);
    assertThat(failed.path("scene").asString()).isEqualTo(evil);
    assertThat(failed.path("stage").asString()).isEqualTo("fetch");
    assertThat(failed.path("shard").asInt()).isZero();
    assertThat(failed.path("run").asString()).isEqualTo("test");

    List<JsonNode> metrics = lines.stream().filter(line -> line.has("_aws")).toList();
    assertThat(metrics)
        .allSatisfy(
            line -> {
              JsonNode directive = line.path("_aws").path("CloudWatchMetrics").get(0);
              assertThat(directive.path("Namespace").asString()).isEqualTo("Kiln");
              // CloudWatch finds dimensions and metrics as members of the line.
              directive
                  .path("Dimensions")
                  .get(0)
                  .forEach(name -> assertThat(line.path(name.asString()).isString()).isTrue());
              directive
                  .path("Metrics")
                  .forEach(
                      metric ->
                          assertThat(line.path(metric.path("Name").asString()).isNumber())
                              .isTrue());
            });
    assertThat(metrics.get(0).path("ScenesEmbedded").asInt()).isEqualTo(1);
    assertThat(metrics.get(0).path("ScenesFailed").asInt()).isEqualTo(1);
    assertThat(metrics.stream().skip(1).map(line -> line.path("Stage").asString()))
        .containsExactly("fetch", "decode", "fill", "encode", "write");
  }

  @Test
  void dryRunTellsWhatWouldBeDoneAndWritesNothing() throws IOException {
    String other = KEY.replace("_4709963_", "_4709964_");
    GeoTiffs.naip().size(600, 520).write(directory.resolve("source").resolve(other));
    String missing = KEY.replace("_4709963_", "_4709965_");
    Files.writeString(directory.resolve("scenes.txt"), String.join("\n", KEY, other, missing));
    assertThat(embed("--dry-run")).isEqualTo(ExitCode.SCENES_FAILED.code());
    assertThat(directory.resolve("out")).doesNotExist();
    // One chip in the first scene, four in the second; the third counts like their mean.
    assertThat(printed.toString())
        .contains("scenes   3: 0 finished before, 3 to embed")
        .contains("chips    8, estimated from 2 scenes")
        .contains("files    3, such as " + directory.resolve("out"))
        .contains("failed   " + missing + ": no such object")
        .endsWith("Nothing was embedded or written.\n");

    Files.writeString(directory.resolve("scenes.txt"), KEY + "\n");
    assertThat(embed()).isZero();
    Files.writeString(directory.resolve("scenes.txt"), KEY + "\n" + other + "\n");
    printed.getBuffer().setLength(0);
    assertThat(embed("--dry-run", "--json")).isZero();
    JsonNode plan = JsonMapper.shared().readTree(printed.toString());
    assertThat(plan.path("alreadyDone").asInt()).isEqualTo(1);
    assertThat(plan.path("chips").asInt()).isEqualTo(4);
    assertThat(plan.path("bytesToFetch").asLong())
        .isBetween(200_000L, Files.size(directory.resolve("source").resolve(other)));
    assertThat(plan.path("outputs").get(0).asString())
        .endsWith("_4709964_se_14_1_20180716.parquet");
    assertThat(plan.path("outputs")).hasSize(1);
  }

  @Test
  void dryRunCountsChipsByStrideAndEdge() throws IOException {
    // 600 × 520 px.
    String other = KEY.replace("_4709963_", "_4709964_");
    GeoTiffs.naip().size(600, 520).write(directory.resolve("source").resolve(other));
    Files.writeString(directory.resolve("scenes.txt"), other + "\n");
    for (String[] expected :
        new String[][] {
          {"--stride=100", "12"}, {"--edge=pad", "9"}, {"--edge=SHIFT", "9"}, {"--stride=300", "2"}
        }) {
      printed.getBuffer().setLength(0);
      assertThat(embed("--dry-run", "--json", expected[0])).isZero();
      assertThat(JsonMapper.shared().readTree(printed.toString()).path("chips").asString())
          .as(expected[0])
          .isEqualTo(expected[1]);
    }
  }

  @Test
  void jsonPrintsTheReport() {
    assertThat(embed("--json")).isZero();
    JsonNode report = JsonMapper.shared().readTree(printed.toString());
    assertThat(report.path("exitCode").asInt()).isZero();
    assertThat(report.path("run").path("counts").path("embedded").asInt()).isEqualTo(1);
  }

  @Test
  void cloudWatchMetricsNeedTheJsonLog() {
    assertThat(embed("--cloudwatch-metrics=Kiln")).isEqualTo(ExitCode.USAGE.code());
    assertThat(errors.toString()).contains("--cloudwatch-metrics: expected --log-format json");
  }

  @Test
  void shardBeyondTheListIsDoneWithNothing() throws IOException {
    assertThat(embed("--index=7", "--items-per-job=1")).isEqualTo(ExitCode.DONE.code());
    assertThat(file()).doesNotExist();
    assertThat(Reports.of(directory.resolve("out"), "shard-00007")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model=DIRECTORY/none | DIRECTORY/none",
        "--scenes=DIRECTORY/none.txt | --scenes DIRECTORY/none.txt: no such file",
        "--scenes=DIRECTORY | DIRECTORY: expected a file, found a directory",
        "--out=DIRECTORY/scenes.txt/x | cannot write --out DIRECTORY/scenes.txt/x",
        "--encoder=tensorrt | --encoder tensorrt",
        "--require-gpu | --require-gpu",
        "--source=ftp://host/x | found scheme 'ftp', which is not supported",
      })
  void wrongConfigurationIsOneLineThatNamesTheFlag(String argument, String message) {
    assertThat(embed(argument.strip())).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(errors.toString().strip())
        .startsWith("kiln: ")
        .contains(message.strip().replace("DIRECTORY", directory.toString()))
        .doesNotContain("\n");
    assertThat(file()).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--index=-1 | --index",
        "--index=many | --index",
        "--chip=250 | --chip: expected a multiple of 8 (the patch size), found 250",
        "--stride=0 | --stride: expected 1 or more, found 0",
        "--max-cloud=1.5 | --max-cloud: expected a fraction from 0 to 1, found 1.5",
        "--slots=0 | --slots: expected 1 or more, found 0",
      })
  void invalidValueIsAUsageError(String argument, String message) {
    assertThat(embed(argument.strip())).isEqualTo(ExitCode.USAGE.code());
    assertThat(errors.toString().strip())
        .startsWith("kiln: ")
        .contains(message.strip())
        .doesNotContain("\n");
  }

  @Test
  void platformThatTheModelDoesNotKnow() {
    assertThat(
            kiln(
                "embed",
                "linz",
                "--scenes=" + directory.resolve("scenes.txt"),
                "--model=" + directory.resolve("model"),
                "--source=" + directory.resolve("source"),
                "--out=" + directory.resolve("out")))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(errors.toString()).contains("expected platform linz, found naip", "--platform linz");
  }

  @Test
  void doctorSaysWhatWorksAndWhatDoesNot() {
    assertThat(
            kiln(
                "doctor",
                "--model=" + directory.resolve("model"),
                "--source=" + directory.resolve("source"),
                "--out=" + directory.resolve("out")))
        .as(printed.toString())
        .isEqualTo(ExitCode.DONE.code());
    assertThat(printed.toString())
        .contains("GDAL", "ONNX Runtime", "micro, naip", "can be read", "was written")
        .containsPattern("oneDNN +ok +3\\.\\d+\\.\\d+ with .*bfloat16")
        .containsPattern("CPU encoder +ok +oneDNN in fp32 on \\d+ core");

    assertThat(kiln("doctor", "--json", "--model=" + directory.resolve("none")))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(printed.toString()).contains("\"state\" : \"BROKEN\"");
  }
}
