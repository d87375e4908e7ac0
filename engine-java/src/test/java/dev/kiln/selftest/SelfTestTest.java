package dev.kiln.selftest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.select.Encoders;
import dev.kiln.model.Architecture;
import dev.kiln.selftest.CheckResult.State;
import dev.kiln.type.DataType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole self-test, on a fake device and with a CPU encoder. */
@Timeout(300)
class SelfTestTest {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");

  @TempDir Path work;

  private static Candidate candidate(String name, Optional<String> absent) {
    return new Candidate(
        name,
        DataType.FP32,
        2e-5,
        0.9999,
        () -> absent,
        (exported, batchSize) ->
            Encoders.open(
                exported,
                EncoderOptions.of(EncoderOptions.Kind.ONNXRUNTIME)
                    .withBatchSize(batchSize.orElseThrow())));
  }

  private SelfTest.Options options(Optional<Path> golden, String... only) {
    return SelfTest.Options.of(work)
        .withGolden(golden)
        .withQuick(true)
        .withModel(Architecture.named("micro"))
        .withBatches(List.of(4))
        .withOnly(List.of(only));
  }

  @Test
  void everyCheckRunsOnADevice() throws Exception {
    CudaDriver.Status ready =
        new CudaDriver.Status(CudaDriver.State.READY, "1 GPU", 1, 13000, 13030);
    List<SelfTestReport> told = new ArrayList<>();
    SelfTestReport report =
        SelfTest.run(
            options(Optional.of(MICRO)),
            "1.2.3",
            new SelfTest.Device(
                ready,
                FakeGpu::new,
                List.of(
                    candidate("here", Optional.empty()),
                    candidate("there", Optional.of("not on this machine"))),
                List.of(),
                () -> null),
            told::add);
    assertThat(report.results())
        .extracting(result -> result.state() + " " + result.check())
        .containsExactly(
            "PASSED patch kernel against its reference",
            "PASSED copy bandwidth",
            "PASSED patch kernel bandwidth",
            "SKIPPED matrix ceiling, bfloat16, 128 × 128",
            "SKIPPED PyTorch on this device",
            "PASSED kernels, Clay micro, 33 tokens, batch 2",
            "PASSED here against clay-micro",
            "SKIPPED there against clay-micro",
            "PASSED here against random-micro",
            "SKIPPED there against random-micro",
            "PASSED here, Clay micro, batch 4",
            "SKIPPED there, Clay micro, batch 4",
            "PASSED embed with here, Clay micro, batch 4",
            "SKIPPED embed with there, Clay micro, batch 4");
    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE.code());
    assertThat(report.machine()).containsEntry("kiln", "1.2.3").containsKey("java");
    assertThat(report.machine().get("device")).startsWith("Fake (sm_90");
    assertThat(told).hasSameSizeAs(report.results()).last().isEqualTo(report);
    assertThat(told.get(0).results()).hasSize(1);
  }

  @Test
  void nothingIsProvenWithoutADevice() throws Exception {
    CudaDriver.Status old =
        new CudaDriver.Status(CudaDriver.State.DRIVER_TOO_OLD, "the driver is old", 0, 12000, 0);
    SelfTestReport report =
        SelfTest.run(
            options(Optional.empty()),
            "1.2.3",
            new SelfTest.Device(
                old,
                () -> {
                  throw new AssertionError("was opened");
                },
                List.of(candidate("here", Optional.empty())),
                List.of(),
                () -> null),
            row -> {});
    assertThat(report.exitCode()).isEqualTo(ExitCode.UNPROVEN.code());
    assertThat(report.results())
        .hasSize(10)
        .allSatisfy(
            result -> {
              assertThat(result.state()).isEqualTo(State.SKIPPED);
              assertThat(result.reason()).isEqualTo("the driver is old");
            });
    assertThat(report.machine()).containsEntry("device", "the driver is old");
    assertThat(work).isEmptyDirectory();
  }

  @Test
  void onlySelectedChecksRun() throws Exception {
    SelfTest.Device none =
        new SelfTest.Device(
            new CudaDriver.Status(CudaDriver.State.NO_DRIVER, "no driver", 0, 0, 0),
            FakeGpu::new,
            List.of(),
            List.of(),
            () -> null);
    SelfTestReport report =
        SelfTest.run(options(Optional.empty(), "copy", "bandwidth"), "1", none, soFar -> {});
    assertThat(report.results())
        .extracting(CheckResult::check)
        .containsExactly("copy bandwidth", "patch kernel bandwidth");
    assertThatThrownBy(
            () -> SelfTest.run(options(Optional.empty(), "speed"), "1", none, soFar -> {}))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--only [speed]")
        .hasMessageContaining("copy bandwidth");
  }

  @Test
  void checksCanBeSkipped() throws Exception {
    SelfTest.Device none =
        new SelfTest.Device(
            new CudaDriver.Status(CudaDriver.State.NO_DRIVER, "no driver", 0, 0, 0),
            FakeGpu::new,
            List.of(candidate("here, with a comma", Optional.empty())),
            List.of(),
            () -> null);
    SelfTestReport report =
        SelfTest.run(
            options(Optional.empty(), "here, with", "patch")
                .withSkip(List.of("embed", "bandwidth")),
            "1",
            none,
            soFar -> {});
    assertThat(report.results())
        .extracting(CheckResult::check)
        .containsExactly(
            "patch kernel against its reference",
            "here, with a comma against random-micro",
            "here, with a comma, Clay micro, batch 4");
  }

  @Test
  void modelsCanBePreparedWithoutADevice() throws Exception {
    SelfTest.prepare(options(Optional.of(MICRO)));
    assertThat(work.resolve("random-micro")).isDirectory();
    assertThat(work.resolve("clay-micro")).isDirectory();
  }
}
