package dev.kiln.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.selftest.CheckResult.State;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CheckRunnerTest {
  private static final CudaDriver.Status READY =
      new CudaDriver.Status(CudaDriver.State.READY, "1 GPU", 1, 13000, 13030);
  private static final CudaDriver.Status ABSENT =
      new CudaDriver.Status(CudaDriver.State.NO_DRIVER, "no NVIDIA driver", 0, 0, 0);

  private static Check check(String name, Callable<List<Measurement>> body) {
    return new Check() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public List<Measurement> run() throws Exception {
        return body.call();
      }
    };
  }

  @Test
  void continuesAfterAFailure() {
    Measurement measurement = Measurement.of("error", 0.1, "");
    List<CheckResult> results =
        Stream.of(
                check(
                    "wrong",
                    () -> {
                      throw new MismatchException("beyond", List.of(measurement));
                    }),
                check(
                    "broken",
                    () -> {
                      throw new IllegalStateException(
                          "fell off", new java.io.IOException("disk full"));
                    }),
                check(
                    "unlinked",
                    () -> {
                      throw new UnsatisfiedLinkError("libcublas.so.13");
                    }),
                check(
                    "absent",
                    () -> {
                      throw new SkippedException("no cuBLAS");
                    }),
                check("right", () -> List.of(measurement)))
            .map(new CheckRunner(READY)::run)
            .toList();
    assertThat(results)
        .extracting(CheckResult::state)
        .containsExactly(State.FAILED, State.FAILED, State.FAILED, State.SKIPPED, State.PASSED);
    assertThat(results)
        .extracting(CheckResult::reason)
        .containsExactly(
            "beyond",
            "fell off; caused by IOException: disk full",
            "libcublas.so.13",
            "no cuBLAS",
            "");
    assertThat(results.get(0).measurements()).containsExactly(measurement);
    assertThat(results.get(4).measurements()).containsExactly(measurement);
  }

  @Test
  void skipsAllChecksWithoutADevice() {
    Check check =
        check(
            "kernel",
            () -> {
              throw new AssertionError("was run");
            });
    assertThat(new CheckRunner(ABSENT).run(check))
        .isEqualTo(new CheckResult("kernel", State.SKIPPED, "no NVIDIA driver", List.of(), 0));
  }
}
