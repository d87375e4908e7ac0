package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.OutputKey;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.Traffic;
import dev.kiln.fetch.UnavailableException;
import dev.kiln.infer.EncoderException;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.FaultyStore;
import dev.kiln.testing.ForwardingStore;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Errors in each stage: what ends the run, what fails one scene, and that nothing is lost. */
@Timeout(60)
class FaultsTest {
  @TempDir Path directory;

  private TestRun run;

  @BeforeEach
  void fourScenes() throws IOException {
    run = new TestRun(directory).scene(1).scene(2).scene(3).scene(4);
  }

  private static FakeEncoder encoder(FakeEncoder.Event event) {
    return new FakeEncoder(TestRun.NAIP, 256, 4, event);
  }

  private static FakeEncoder encoder() {
    return encoder(batch -> {});
  }

  @Test
  void aTransientFetchErrorIsRetried() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    run.wrapSource =
        FaultyStore.onOpen(
            key -> {
              if (calls.getAndIncrement() == 1) {
                throw new UnavailableException(key, "connection reset", null);
              }
            });
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(run.files()).hasSize(4);
    assertThat(calls.get()).isEqualTo(5);
  }

  @Test
  void aTransientFetchErrorThatPersistsIsLeftForTheNextRun() throws Exception {
    run.wrapSource =
        FaultyStore.onOpen(
            key -> {
              if (key.equals(run.keys.get(1))) {
                throw new UnavailableException(key, "connection reset", null);
              }
            });
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.failures().get(0).kind()).isEqualTo(FailedScene.Kind.TRANSIENT);
    assertThat(run.files()).hasSize(3);
  }

  @Test
  void anUnexpectedExceptionInFetchFailsOneSceneAsInternal() throws Exception {
    run.wrapSource =
        FaultyStore.onOpen(
            key -> {
              if (key.equals(run.keys.get(1))) {
                throw new IllegalStateException("boom");
              }
            });
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.INTERNAL);
    assertThat(report.failures().get(0).kind()).isEqualTo(FailedScene.Kind.INTERNAL);
    assertThat(run.files()).hasSize(3);
  }

  @Test
  void aConfigurationErrorEndsTheRunAtOnce() throws Exception {
    run.wrapSource =
        FaultyStore.onOpen(
            key -> {
              throw new ConfigurationException("no credentials: set AWS_PROFILE");
            });
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended()).hasValue("no credentials: set AWS_PROFILE");
    assertThat(run.files()).isEmpty();
  }

  @Test
  void outOfMemoryEndsTheRunAndNamesTheOptions() throws Exception {
    run.wrapSource =
        FaultyStore.onOpen(
            key -> {
              throw new OutOfMemoryError("object: no host memory for 99 bytes");
            });
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended().orElseThrow()).contains("99 bytes").contains("--fetch-memory");
  }

  @Test
  void aFailedBatchFailsItsScenesAndNoOther() throws Exception {
    // 4 chips per scene and per batch: each batch is one scene.
    RunReport report =
        run.embed(
            encoder(
                batch -> {
                  if (batch == 1) {
                    throw new EncoderException("device error", null);
                  }
                }));
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.failures()).hasSize(1);
    assertThat(report.failures().get(0).reason()).contains("device error");
    assertThat(run.files()).hasSize(3);

    assertThat(run.embed(encoder()).exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(run.files()).hasSize(4);
  }

  @Test
  void repeatedBatchFailuresEndTheRun() throws Exception {
    run.scene(5).scene(6).scene(7).scene(8).scene(9);
    RunReport report =
        run.embed(
            encoder(
                batch -> {
                  throw new EncoderException("device lost", null);
                }));
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.ended().orElseThrow())
        .contains("3 consecutive batches failed")
        .contains("device lost");
    assertThat(run.files()).isEmpty();
  }

  @Test
  void anUnexpectedExceptionInTheEncoderEndsTheRun() throws Exception {
    RunReport report =
        run.embed(
            encoder(
                batch -> {
                  throw new IllegalStateException("boom");
                }));
    assertThat(report.exitCode()).isEqualTo(ExitCode.INTERNAL);
    assertThat(report.ended().orElseThrow()).contains("boom");
    assertThat(run.files()).isEmpty();
  }

  @Test
  void aHangingEncoderEndsTheRun() throws Exception {
    run.stallLimit = Duration.ofSeconds(2);
    RunReport report = run.embed(encoder(batch -> Thread.sleep(600_000)));
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.ended().orElseThrow()).contains("no progress for 2 s");
  }

  @Test
  void aFailedWriteIsLeftForTheNextRun() throws Exception {
    AtomicInteger puts = new AtomicInteger();
    run.wrapOut =
        FaultyStore.onPut(
            key -> {
              if (puts.getAndIncrement() == 0) {
                throw new IOException("No space left on device");
              }
            });
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.failures().get(0).reason()).contains("No space left on device");
    assertThat(run.files()).hasSize(3);
  }

  @Test
  void aFullDiskEndsTheRun() throws Exception {
    run.wrapOut =
        FaultyStore.onPut(
            key -> {
              throw new IOException("No space left on device");
            });
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.ended().orElseThrow()).contains("3 consecutive writes failed");
    assertThat(run.files()).isEmpty();
  }

  @Test
  void aSceneThatFailsInItsSecondStripLeavesNoFile() throws Exception {
    String key = TestRun.key(9, "100cm");
    run.scene(key, GeoTiffs.naip().size(600, 2100));
    Path file = run.source.resolve(key);
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 1000, (byte) 0);
    Files.write(file, bytes);
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.failures()).extracting(FailedScene::key).containsExactly(key);
    assertThat(run.files()).hasSize(4);
  }

  @Test
  void aVectorThatIsNotFiniteIsNeverWritten() throws Exception {
    FakeEncoder encoder = encoder();
    // 4 chips per scene and per batch: one chip of one scene.
    encoder.poison(1, 2);
    RunReport report = run.embed(encoder);
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.failures()).hasSize(1);
    assertThat(report.failures().get(0).reason())
        .contains("chip (0, 1): expected a finite embedding, found NaN", "band ");
    assertThat(run.files()).hasSize(3);
  }

  @Test
  void aSceneThatRunsOutOfMemoryFailsAlone() throws Exception {
    run.wrapSource =
        FaultyStore.onOpen(
            key -> {
              if (key.equals(run.keys.get(1))) {
                throw new OutOfMemoryError("object: no host memory for 60000000000 bytes");
              }
            });
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.failures().get(0).reason()).contains("60000000000 bytes", "-Xmx");
    assertThat(run.files()).hasSize(3);
  }

  @Test
  void writesThatFailBecauseOfTheScenesDoNotEndTheRun() throws Exception {
    run.scene(5).scene(6);
    Set<String> bad = Set.of(OutputKey.of(run.keys.get(0)), OutputKey.of(run.keys.get(1)));
    Set<String> longNamed =
        Set.of(
            OutputKey.of(run.keys.get(2)),
            OutputKey.of(run.keys.get(3)),
            OutputKey.of(run.keys.get(4)));
    run.wrapOut =
        FaultyStore.onPut(
            key -> {
              if (bad.contains(key)) {
                throw new ArithmeticException("integer overflow");
              }
              if (longNamed.contains(key)) {
                throw new FileSystemException(key, null, "File name too long");
              }
            });
    RunReport report = run.embed(encoder());
    assertThat(report.ended()).isEmpty();
    assertThat(report.failures()).hasSize(5);
    assertThat(report.failures())
        .filteredOn(failure -> failure.kind() == FailedScene.Kind.PERMANENT)
        .hasSize(3)
        .allMatch(failure -> failure.reason().contains("File name too long"));
    assertThat(run.files()).hasSize(1);
  }

  @Test
  void bytesThatArriveAreProgress() throws Exception {
    run.stallLimit = Duration.ofSeconds(2);
    AtomicLong arrived = new AtomicLong();
    run.wrapSource =
        store ->
            new ForwardingStore(store) {
              @Override
              public void fetch(Collection<RangePlan> plans)
                  throws IOException, InterruptedException {
                for (int i = 0; i < 12; i++) {
                  Thread.sleep(200);
                  arrived.addAndGet(10);
                }
                super.fetch(plans);
              }

              @Override
              public Traffic.Counts traffic() {
                return super.traffic().plus(new Traffic.Counts(0, 0, arrived.get(), 0));
              }
            };
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
  }
}
