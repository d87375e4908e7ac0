package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.KilnProcess;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run may be killed at any moment: what stands under a final name is whole, and runs that follow
 * end with the bytes of a run that was left alone. {@code -Dkiln.kills=200} kills more often than
 * the few times of every build.
 */
@Timeout(3600)
class KillTest {
  private static final int KILLS = Integer.getInteger("kiln.kills", 8);
  private static final int SCENES = 12;
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir Path folder;
  private Path log;

  @BeforeEach
  void archiveAndModel() throws IOException {
    log = folder.resolve("log");
    List<String> keys = new ArrayList<>();
    for (int i = 1; i <= SCENES; i++) {
      keys.add(TestRun.key(i, "100cm"));
      GeoTiffs.naip()
          .size(550 + 100 * (i % 3), 600)
          .seed(i)
          .write(folder.resolve("source").resolve(TestRun.key(i, "100cm")));
    }
    Files.write(folder.resolve("scenes.txt"), keys);
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        folder.resolve("model"));
  }

  private Process embed(Path out) throws IOException {
    return KilnProcess.start(
        log,
        List.of(
            "embed",
            "naip",
            "--scenes=" + folder.resolve("scenes.txt"),
            "--model=" + folder.resolve("model"),
            "--source=" + folder.resolve("source"),
            "--out=" + out,
            "--progress=plain"));
  }

  @Test
  void sigkillLosesNothingAndLeavesNothingHalfWritten() throws Exception {
    long start = System.nanoTime();
    Process clean = embed(folder.resolve("clean"));
    assertThat(clean.waitFor()).as(Files.readString(log)).isZero();
    long cleanMillis = (System.nanoTime() - start) / 1_000_000;
    Map<String, byte[]> expected = parquetFiles(folder.resolve("clean"));
    assertThat(expected).hasSize(SCENES);

    Random random = new Random(7);
    int kills = 0;
    int finished = 0;
    Path out = folder.resolve("out-0");
    while (kills < KILLS) {
      start = System.nanoTime();
      boolean fresh = parquetFiles(out).isEmpty();
      Process run = embed(out);
      // Most of a run's second half, where files are being written, and a little beyond its end.
      long delay = cleanMillis / 2 + random.nextLong(Math.max(1, cleanMillis * 6 / 10));
      if (run.waitFor(delay, TimeUnit.MILLISECONDS)) {
        if (fresh) {
          // The machine's speed changes; a run that had less to do says nothing of it.
          cleanMillis = (System.nanoTime() - start) / 1_000_000;
        }
        assertThat(run.exitValue()).as(Files.readString(log)).isZero();
        assertSame(parquetFiles(out), expected);
        finished++;
        out = folder.resolve("out-" + finished);
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
  void sigtermSavesAndSaysSo() throws Exception {
    Path out = folder.resolve("out");
    Process run = embed(out);
    // Under way once the report is announced.
    while (run.isAlive() && !Files.exists(out.resolve("_kiln/run.json"))) {
      Thread.sleep(5);
    }
    long asked = System.nanoTime();
    run.destroy();
    int code = run.waitFor();
    assertThat((System.nanoTime() - asked) / 1e9).isLessThan(25);
    assertThat(code).as(Files.readString(log)).isEqualTo(ExitCode.TERMINATED.code());
    assertThat(Files.readString(out.resolve("_kiln/run.json"))).contains("\"stopped\" : true");

    int saved = parquetFiles(out).size();
    assertThat(embed(out).waitFor()).isZero();
    assertThat(parquetFiles(out)).hasSize(SCENES);
    assertThat(Files.readString(out.resolve("_kiln/run.json")))
        .contains("\"alreadyDone\" : " + saved);
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
