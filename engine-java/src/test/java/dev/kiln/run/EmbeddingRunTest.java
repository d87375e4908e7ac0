package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.chip.LocationOrder;
import dev.kiln.error.ExitCode;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The pipeline as a whole: full batches, reproducible bytes, resume, stop, cleanup. */
@Timeout(120)
class EmbeddingRunTest {
  @TempDir Path directory;

  private static FakeEncoder encoder(int batch) {
    return new FakeEncoder(TestRun.NAIP, 256, batch);
  }

  /** Scenes of different sizes, with two alternating resolutions. */
  private TestRun mixed(Path at, int scenes) throws IOException {
    TestRun run = new TestRun(at);
    for (int i = 1; i <= scenes; i++) {
      run.scene(
          TestRun.key(i, i % 2 == 0 ? "60cm" : "100cm"),
          GeoTiffs.naip().size(300 + 130 * (i % 4), 260 + 300 * (i % 3)).seed(i));
    }
    return run;
  }

  @Test
  void batchesFillAcrossScenesAndOnlyTheLastOfEachGsdIsPartial() throws Exception {
    TestRun run = mixed(directory, 12);
    FakeEncoder encoder = encoder(5);
    RunReport report = run.embed(encoder);
    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    long chips = report.run().counts().chips();
    assertThat(encoder.batchSizes().stream().mapToInt(n -> n).sum()).isEqualTo((int) chips);
    assertThat(encoder.batchSizes().stream().filter(n -> n < 5)).hasSizeLessThanOrEqualTo(2);
    assertThat(encoder.slots()).isEqualTo(3);
  }

  @Test
  void moreResolutionsThanSlotsDoNotDeadlock() throws Exception {
    TestRun run = new TestRun(directory);
    String[] resolutions = {"30cm", "50cm", "60cm", "100cm", "200cm"};
    for (int i = 1; i <= 10; i++) {
      run.scene(TestRun.key(i, resolutions[i % 5]), GeoTiffs.naip().seed(i));
    }
    run.slots = 2;
    assertThat(run.embed(encoder(16)).exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(run.files()).hasSize(10);
  }

  @Test
  void bytesDoNotDependOnThreadsBatchesOrSlots() throws Exception {
    TestRun reference = mixed(directory.resolve("a"), 9);
    reference.fetchThreads = 1;
    reference.slots = 1;
    reference.embed(encoder(1));
    TestRun other = mixed(directory.resolve("b"), 9);
    other.fetchThreads = 4;
    other.decodeThreads = 3;
    other.inflateThreads = 2;
    other.embed(encoder(7));
    assertSame(other.files(), reference.files());
  }

  @Test
  void chipsLeftOutAreCountedByReason() throws Exception {
    // 600 × 520 px: 2 × 2 whole chips, and 5 squares at the edges.
    RunReport report = new TestRun(directory).scene(1).embed(encoder(4));
    assertThat(report.run().counts().leftOut()).isEqualTo(new ChipsLeftOut(5, 0, 0, 0, 0));
    assertThat(report.summary()).contains("left out  5 chips: edge 5, cloud 0, nodata 0");
  }

  @Test
  void filesDecodedByGdalAreCounted() throws Exception {
    TestRun run = new TestRun(directory).scene(1).scene(2);
    run.scene(TestRun.key(3, "100cm"), GeoTiffs.naip().option("COMPRESS=LZW"));
    RunReport report = run.embed(encoder(4));
    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(report.run().counts().filesDecoded()).isEqualTo(2);
    assertThat(report.run().counts().filesDecodedByGdal()).isEqualTo(1);
    assertThat(report.summary()).contains("files   2 decoded by Kiln, 1 of other kinds by GDAL");
  }

  @Test
  void finishedScenesAreEmbeddedAgainOnlyWithOverwrite() throws Exception {
    TestRun run = mixed(directory, 4);
    run.embed(encoder(4));
    Map<String, byte[]> first = run.files();
    Files.delete(run.file(run.keys.get(2)));

    RunReport resumed = run.embed(encoder(4));
    assertThat(resumed.run().counts().alreadyDone()).isEqualTo(3);
    assertThat(resumed.run().counts().embedded()).isEqualTo(1);
    assertSame(run.files(), first);

    run.overwrite = true;
    assertThat(run.embed(encoder(4)).run().counts().embedded()).isEqualTo(4);
    assertSame(run.files(), first);
  }

  @Test
  void filesOfOtherOptionsAreRejectedBeforeAnyWork() throws Exception {
    TestRun run = mixed(directory, 4);
    run.embed(encoder(4));
    Files.delete(run.file(run.keys.get(2)));
    Map<String, byte[]> first = run.files();

    run.chips = ChipOptions.builder().locationOrder(LocationOrder.SWAPPED).build();
    RunReport refused = run.embed(encoder(4));
    assertThat(refused.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(refused.ended().orElseThrow())
        .contains(
            "location-order: expected swapped, found trained", "--overwrite", "another --out");
    assertThat(refused.run().counts().bytesFetched()).isZero();
    assertSame(run.files(), first);

    run.overwrite = true;
    assertThat(run.embed(encoder(4)).exitCode()).isEqualTo(ExitCode.DONE);
  }

  @Test
  void damagedFilesAreWrittenAgain() throws Exception {
    TestRun run = mixed(directory, 5);
    run.embed(encoder(4));
    Map<String, byte[]> first = run.files();
    byte[] whole = Files.readAllBytes(run.file(run.keys.get(0)));
    Files.write(run.file(run.keys.get(0)), new byte[0]);
    Files.write(run.file(run.keys.get(1)), Arrays.copyOf(whole, whole.length / 2));
    Files.writeString(run.file(run.keys.get(2)), "not a parquet file");

    RunReport report = run.embed(encoder(4));
    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(report.run().counts().alreadyDone()).isEqualTo(2);
    assertSame(run.files(), first);
  }

  @Test
  void stopWritesDecodedScenesAndTheNextRunEmbedsTheRest() throws Exception {
    TestRun run = mixed(directory, 12);
    CountDownLatch encoding = new CountDownLatch(2);
    CountDownLatch stopped = new CountDownLatch(1);
    FakeEncoder slow =
        new FakeEncoder(
            TestRun.NAIP,
            256,
            4,
            batch -> {
              encoding.countDown();
              stopped.await();
            });
    Thread stopper =
        new Thread(
            () -> {
              try {
                encoding.await();
                run.embedder.stop();
                stopped.countDown();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    // The second batch is awaited only after the first, so the first must finish.
    encoding.countDown();
    stopper.start();
    RunReport report = run.embed(slow);
    stopper.join();
    assertThat(report.exitCode()).isEqualTo(ExitCode.TERMINATED);
    assertThat(report.outcome().stopped()).isTrue();
    long embedded = report.run().counts().embedded();
    assertThat(embedded).isBetween(1L, 11L);
    assertThat(run.files()).hasSize((int) embedded);

    RunReport rest = run.embed(encoder(4));
    assertThat(rest.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(rest.run().counts().alreadyDone()).isEqualTo(embedded);
    assertThat(run.files()).hasSize(12);
  }

  @Test
  void anEmptyShardIsDone() throws Exception {
    RunReport report = new TestRun(directory).embed(encoder(4));
    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(report.run().scenes()).isZero();
  }

  @Test
  void threadsEndWithTheRun() throws Exception {
    TestRun run = mixed(directory, 4);
    run.embed(encoder(4));
    Set<String> before = threads();
    for (int i = 0; i < 3; i++) {
      for (String key : run.keys) {
        Files.delete(run.file(key));
      }
      assertThat(run.embed(encoder(4)).exitCode()).isEqualTo(ExitCode.DONE);
    }
    assertThat(threads()).isEqualTo(before);
  }

  @Test
  void rowsAreWrittenInGridOrder() throws Exception {
    TestRun run =
        new TestRun(directory).scene(TestRun.key(1, "60cm"), GeoTiffs.naip().size(800, 700));
    run.embed(encoder(4));
    EmbeddingFile file = EmbeddingFile.open(run.file(run.keys.get(0)));
    assertThat(file.values("chip_x")).isEqualTo(List.of(0, 1, 2, 0, 1, 2));
    assertThat(file.values("chip_y")).isEqualTo(List.of(0, 0, 0, 1, 1, 1));
    assertThat(file.values("gsd")).containsOnly(0.6f);
    assertThat(file.footer().get("uri")).isEqualTo("s3://naip-analytic/" + run.keys.get(0));
  }

  private static Set<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(Thread::isAlive)
        .map(Thread::getName)
        .filter(name -> name.matches("(fetch|decode|fill|encode|write)(-\\d+)?"))
        .collect(Collectors.toSet());
  }

  private static void assertSame(Map<String, byte[]> files, Map<String, byte[]> reference) {
    assertThat(files.keySet()).isEqualTo(reference.keySet());
    files.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(reference.get(name)));
  }
}
