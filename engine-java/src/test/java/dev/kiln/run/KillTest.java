package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.KilnProcess;
import dev.kiln.testing.Reports;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A run can be killed at any moment: files under final names are complete, and later runs end with
 * the bytes of an undisturbed run. {@code -Dkiln.kills=200} kills more often than every build does.
 */
@Timeout(3600)
class KillTest {
  private static final int KILLS = Integer.getInteger("kiln.kills", 8);
  private static final int SCENES = 12;

  /**
   * Schedulers kill 30 s after SIGTERM. An idle machine takes 2 s (the time is printed), a busy one
   * several times as long.
   */
  private static final double LONGEST_EXIT_SECONDS = 15;

  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir static Path shared;
  @TempDir Path directory;
  private Path log;

  @BeforeAll
  static void archiveAndModel() throws IOException {
    List<String> keys = new ArrayList<>();
    for (int i = 1; i <= SCENES; i++) {
      keys.add(TestRun.key(i, "100cm"));
      GeoTiffs.naip()
          .size(550 + 100 * (i % 3), 600)
          .seed(i)
          .write(shared.resolve("source").resolve(TestRun.key(i, "100cm")));
    }
    Files.write(shared.resolve("scenes.txt"), keys);
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        shared.resolve("model"));
  }

  @BeforeEach
  void log() {
    log = directory.resolve("log");
  }

  private List<String> arguments(String source, String out) {
    return List.of(
        "embed",
        "naip",
        "--scenes=" + shared.resolve("scenes.txt"),
        "--model=" + shared.resolve("model"),
        "--source=" + source,
        "--out=" + out,
        "--metrics-file=" + directory.resolve("kiln.prom"),
        "--json",
        "--progress=plain");
  }

  private Process embed(Path out) throws IOException {
    return KilnProcess.start(log, arguments(shared.resolve("source").toString(), out.toString()));
  }

  @Test
  void sigkillLosesNothingAndLeavesNoPartialFile() throws Exception {
    long start = System.nanoTime();
    Process clean = embed(directory.resolve("clean"));
    assertThat(clean.waitFor()).as(Files.readString(log)).isZero();
    long cleanMillis = (System.nanoTime() - start) / 1_000_000;
    Map<String, byte[]> expected = parquetFiles(directory.resolve("clean"));
    assertThat(expected).hasSize(SCENES);

    Random random = new Random(7);
    int kills = 0;
    int finished = 0;
    Path out = directory.resolve("out-0");
    while (kills < KILLS) {
      start = System.nanoTime();
      boolean fresh = parquetFiles(out).isEmpty();
      Process run = embed(out);
      // Mostly in the second half of a run, when files are written, and a little after its end.
      long delay = cleanMillis / 2 + random.nextLong(Math.max(1, cleanMillis * 6 / 10));
      if (run.waitFor(delay, TimeUnit.MILLISECONDS)) {
        if (fresh) {
          // The machine's speed varies; only a run from the start measures it.
          cleanMillis = (System.nanoTime() - start) / 1_000_000;
        }
        assertThat(run.exitValue()).as(Files.readString(log)).isZero();
        assertSame(parquetFiles(out), expected);
        finished++;
        out = directory.resolve("out-" + finished);
      } else {
        run.destroyForcibly().waitFor();
        kills++;
        assertPartOf(parquetFiles(out), expected);
      }
    }
    assertThat(embed(out).waitFor()).as(Files.readString(log)).isZero();
    assertSame(parquetFiles(out), expected);
    System.out.printf("killed %d runs; %d outputs came out equal%n", kills, finished + 1);
  }

  @Test
  void sigtermSavesAndReports() throws Exception {
    Path out = directory.resolve("out");
    assertSigtermSaves(() -> embed(out), out);
  }

  /** Before the run has started, but after the encoder has, which can take minutes on a GPU. */
  @Test
  void sigtermAtTheStartLeavesAReport() throws Exception {
    Path out = directory.resolve("out");
    Process run = embed(out);
    while (run.isAlive() && !Files.readString(log).contains("INFO encoder: ")) {
      Thread.sleep(1);
    }
    run.destroy();
    assertThat(run.waitFor()).as(Files.readString(log)).isEqualTo(ExitCode.TERMINATED.code());
    assertThat(Reports.latest(out)).contains("\"stopped\" : true");
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, true", "true, true"})
  void sigtermSavesAndReportsOverS3(boolean source, boolean out) throws Exception {
    try (S3Server server = S3Server.start(Files.createDirectories(directory.resolve("s3")))) {
      server.upload(shared.resolve("source"), "archive");
      Path bucket = server.bucket("embeddings");
      Map<String, String> environment =
          Map.of(
              "AWS_ACCESS_KEY_ID", S3Server.KEY.id(),
              "AWS_SECRET_ACCESS_KEY", S3Server.KEY.secret(),
              "ENDPOINT_URL", server.endpoint().toString(),
              "ENDPOINT_KEY_ID", S3Server.KEY.id(),
              "ENDPOINT_ACCESS_KEY", S3Server.KEY.secret(),
              "KILN_SOURCE_ENDPOINT", server.endpoint().toString());
      Path local = directory.resolve("out");
      assertSigtermSaves(
          () ->
              KilnProcess.start(
                  log,
                  environment,
                  arguments(
                      source ? "s3://archive" : shared.resolve("source").toString(),
                      out ? "s3://embeddings" : local.toString())),
          out ? bucket : local);
    }
  }

  private interface Starter {
    Process start() throws IOException;
  }

  private void assertSigtermSaves(Starter starter, Path out) throws Exception {
    Process run = starter.start();
    // The run has started once its report exists.
    while (run.isAlive() && Reports.of(out, "run").isEmpty()) {
      Thread.sleep(5);
    }
    long signalled = System.nanoTime();
    run.destroy();
    int code = run.waitFor();
    double seconds = (System.nanoTime() - signalled) / 1e9;
    System.out.printf("SIGTERM: exit after %.1f s%n", seconds);
    assertThat(code).as(Files.readString(log)).isEqualTo(ExitCode.TERMINATED.code());
    assertThat(seconds).as(Files.readString(log)).isLessThan(LONGEST_EXIT_SECONDS);
    assertThat(Reports.latest(out)).contains("\"stopped\" : true");
    int saved = parquetFiles(out).size();
    // The process has waited for everything that follows the report.
    assertThat(Files.readString(log)).contains("\"exitCode\" : 143");
    assertThat(Files.readString(directory.resolve("kiln.prom")))
        .contains("kiln_scenes{run=\"\",state=\"embedded\"} " + saved + "\n");

    assertThat(starter.start().waitFor()).as(Files.readString(log)).isZero();
    assertThat(parquetFiles(out)).hasSize(SCENES);
    assertThat(Reports.latest(out)).contains("\"alreadyDone\" : " + saved);
    // The second attempt has not replaced the report of the first.
    assertThat(Reports.of(out, "run")).hasSize(2);
  }

  @Test
  void aSuspendedProcessIsNotStalled() throws Exception {
    Path out = directory.resolve("out");
    List<String> arguments =
        new ArrayList<>(arguments(shared.resolve("source").toString(), out.toString()));
    arguments.add("--stall-limit=6");
    Process run = KilnProcess.start(log, arguments);
    while (run.isAlive() && Reports.of(out, "run").isEmpty()) {
      Thread.sleep(5);
    }
    signal(run, "STOP");
    Thread.sleep(8000);
    signal(run, "CONT");
    assertThat(run.waitFor()).as(Files.readString(log)).isZero();
    assertThat(parquetFiles(out)).hasSize(SCENES);
  }

  private static void signal(Process process, String name) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor())
        .isZero();
  }

  private static Map<String, byte[]> parquetFiles(Path out) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    if (Files.isDirectory(out)) {
      try (Stream<Path> paths = Files.walk(out)) {
        for (Path path : paths.filter(p -> p.toString().endsWith(".parquet")).toList()) {
          files.put(out.relativize(path).toString(), Files.readAllBytes(path));
        }
      }
    }
    return files;
  }

  private static void assertSame(Map<String, byte[]> files, Map<String, byte[]> expected) {
    assertThat(files.keySet()).isEqualTo(expected.keySet());
    assertPartOf(files, expected);
  }

  private static void assertPartOf(Map<String, byte[]> files, Map<String, byte[]> expected) {
    files.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
  }
}
