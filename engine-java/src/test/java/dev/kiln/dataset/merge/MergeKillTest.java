package dev.kiln.dataset.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ExitCode;
import dev.kiln.testing.KilnProcess;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A merge can be killed at any moment: the one that follows ends with the bytes of an undisturbed
 * merge. {@code -Dkiln.kills=200} kills more often than the few times of every build.
 */
@Timeout(3600)
class MergeKillTest {
  private static final int KILLS = Integer.getInteger("kiln.kills", 2);

  @TempDir private Path dir;
  private Path log;
  private Path out;

  @BeforeEach
  void output() throws IOException {
    log = dir.resolve("log");
    out = dir.resolve("out");
    for (int i = 0; i < 40; i++) {
      Outputs.scene("scene-" + i)
          .at(-100 + i % 10 * 0.5, 47 - i / 10 * 0.5)
          .edge(0.03)
          .size(15, 15)
          .dim(256)
          .write(out);
    }
  }

  private Process merge(Path dataset, String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("merge", out.toString(), "-o"));
    arguments.add(dataset.toString());
    arguments.addAll(List.of("--cell=1", "--sort-memory=1", "--file-size=1", "--row-group=64"));
    arguments.addAll(List.of(options));
    return KilnProcess.start(log, arguments);
  }

  @Test
  void sigkillLosesNothingAndTheNextMergeGivesTheSameBytes() throws Exception {
    long start = System.nanoTime();
    Process clean = merge(dir.resolve("clean"));
    assertThat(clean.waitFor()).as(Files.readString(log)).isZero();
    long millis = (System.nanoTime() - start) / 1_000_000;
    Map<String, byte[]> expected = DatasetMergeTest.files(dir.resolve("clean"));

    Random random = new Random(11);
    int finished = 0;
    for (int kills = 0; kills < KILLS; ) {
      Path dataset = dir.resolve("dataset-" + finished);
      Process run = merge(dataset);
      if (run.waitFor(millis / 4 + random.nextLong(millis * 3 / 4), TimeUnit.MILLISECONDS)) {
        assertThat(run.exitValue()).as(Files.readString(log)).isZero();
        removeUnfinished(dataset);
        DatasetMergeTest.assertSame(dataset, dir.resolve("clean"));
        finished++;
      } else {
        run.destroyForcibly().waitFor();
        kills++;
        assertFilesAreWhole(dataset, expected);
      }
    }
    Path dataset = dir.resolve("dataset-" + finished);
    assertThat(merge(dataset).waitFor()).as(Files.readString(log)).isZero();
    removeUnfinished(dataset);
    DatasetMergeTest.assertSame(dataset, dir.resolve("clean"));
  }

  /**
   * Removes what a killed run was writing. Readers skip these hidden files, and Kiln removes them
   * when they are old: earlier, another machine could still be writing them.
   */
  private static void removeUnfinished(Path dataset) throws IOException {
    for (String name : DatasetMergeTest.files(dataset).keySet()) {
      Path file = dataset.resolve(name);
      if (file.getFileName().toString().matches("[.]kiln-.*[.]part")) {
        Files.delete(file);
      }
    }
  }

  private static void assertFilesAreWhole(Path dataset, Map<String, byte[]> expected)
      throws IOException {
    if (Files.isDirectory(dataset)) {
      DatasetMergeTest.files(dataset)
          .forEach(
              (name, bytes) -> {
                if (name.endsWith(".parquet") && name.startsWith("data/")) {
                  assertThat(bytes).as(name).isEqualTo(expected.get(name));
                }
              });
    }
  }

  /** The size limit of files makes writes fail as a full disk does. */
  @Test
  void aWriteErrorEndsTheMergeWithATransientErrorAndTheNextOneFinishes() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "needs bash to limit the size of files");
    Path dataset = dir.resolve("dataset");
    List<String> arguments =
        List.of("merge", out.toString(), "-o", dataset.toString(), "--cell=30");

    Process limited = KilnProcess.startLimited(log, 4000, arguments);

    assertThat(limited.waitFor()).as(Files.readString(log)).isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(Files.readString(log))
        .contains("kiln: cannot write " + dataset)
        .contains("File too large: free space, or set --scratch to another directory");
    assertThat(DatasetMergeTest.files(dataset).keySet()).noneMatch(n -> n.endsWith(".parquet"));
    assertThat(KilnProcess.start(log, arguments).waitFor()).as(Files.readString(log)).isZero();
  }

  @Test
  void bucketsGiveTheBytesOfDirectories() throws Exception {
    assertThat(merge(dir.resolve("clean")).waitFor()).as(Files.readString(log)).isZero();
    try (S3Server server = S3Server.start(Files.createDirectories(dir.resolve("s3")))) {
      server.upload(out, "embeddings");
      Path bucket = server.bucket("dataset");
      Map<String, String> environment =
          Map.of(
              "ENDPOINT_URL", server.endpoint().toString(),
              "ENDPOINT_KEY_ID", S3Server.KEY.id(),
              "ENDPOINT_ACCESS_KEY", S3Server.KEY.secret());
      List<String> arguments =
          List.of(
              "merge",
              "s3://embeddings",
              "-o",
              "s3://dataset",
              "--cell=1",
              "--sort-memory=1",
              "--file-size=1",
              "--row-group=64");
      assertThat(KilnProcess.start(log, environment, arguments).waitFor())
          .as(Files.readString(log))
          .isZero();
      DatasetMergeTest.assertSame(bucket, dir.resolve("clean"));
    }
  }
}
