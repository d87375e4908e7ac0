package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.cuda.CudaDriver.State;
import dev.kiln.cuda.CudaDriver.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CudaDriverTest {
  private static final boolean DRIVER = Files.exists(Path.of("/proc/driver/nvidia/version"));

  @ParameterizedTest
  @CsvSource({
    "0, 1, 13000, 13030, READY", // minor-version compatibility: the driver is older, and it works
    "0, 8, 13030, 13030, READY",
    "0, 1, 14000, 13030, READY",
    "35, 0, 12080, 13030, DRIVER_TOO_OLD",
    "0, 1, 12080, 13030, DRIVER_TOO_OLD",
    "35, 0, 0, 13030, NO_DRIVER",
    "0, 0, 0, 13030, NO_DRIVER",
    "100, 0, 13000, 13030, NO_DEVICE",
    "0, 0, 13000, 13030, NO_DEVICE",
    "802, 0, 13000, 13030, FAILED",
    "999, 0, 13000, 13030, FAILED",
  })
  void readsTheRuntimesAnswers(int code, int devices, int driver, int runtime, State expected) {
    Status status = CudaDriver.judge(code, "what CUDA says", devices, driver, runtime);

    assertThat(status.state()).isEqualTo(expected);
    assertThat(status.ready()).isEqualTo(expected == State.READY);
    assertThat(status.line()).doesNotContain("\n").isNotBlank();
  }

  @Test
  void saysWhichDriverIsNeeded() {
    assertThat(CudaDriver.judge(35, "", 0, 12080, 13030).line())
        .isEqualTo(
            "NVIDIA driver: expected CUDA 13.0 or later, found 12.8; install driver"
                + " 580 or later");
    assertThat(CudaDriver.judge(0, "", 2, 13000, 13030).line())
        .isEqualTo("2 GPUs, driver for CUDA 13.0, runtime 13.3");
    assertThat(CudaDriver.judge(802, "system not yet initialized", 0, 13000, 13030).line())
        .contains("CUDA error 802 (system not yet initialized)");
  }

  @Test
  void saysInOneLineThatThereIsNoDriver() {
    assumeFalse(DRIVER, "this machine has an NVIDIA driver");

    Status status = CudaDriver.status();

    assertThat(status.state()).isEqualTo(State.NO_DRIVER);
    assertThat(status.line()).startsWith("no NVIDIA driver").doesNotContain("\n");
    assertThat(status).isSameAs(CudaDriver.status());
    assertThatThrownBy(CudaGpu::open)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(status.line());
  }

  @Test
  void theRuntimeItselfAnswersWithoutADriver() {
    assumeFalse(DRIVER, "this machine has an NVIDIA driver");
    assumeTrue(
        runtime(),
        "NVIDIA's runtime is not in this build: build with Maven's profile nvrtc or gpu");
    int[] count = {-1};

    int code = cudart.cudaGetDeviceCount(count);

    assertThat(code).isEqualTo(cudart.cudaErrorInsufficientDriver);
    assertThat(CudaDriver.judge(code, "", count[0], 0, 13030).state()).isEqualTo(State.NO_DRIVER);
  }

  private static boolean runtime() {
    CudaDriver.prepare();
    try {
      return cudart.cudaRuntimeGetVersion(new int[1]) == cudart.cudaSuccess;
    } catch (LinkageError e) {
      return false;
    }
  }

  @Test
  void describesADevice() {
    GpuDescription gpu =
        new GpuDescription("NVIDIA H100 80GB HBM3", 9, 0, 85_000_000_000L, 132, 13000, 13030);

    assertThat(gpu)
        .hasToString("NVIDIA H100 80GB HBM3 (sm_90, 85 GB, driver for CUDA 13.0, runtime 13.3)");
  }
}
