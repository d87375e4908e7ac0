package dev.kiln.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.cuda.GpuDescription;
import dev.kiln.error.ConfigurationException;
import dev.kiln.type.DataType;
import org.junit.jupiter.api.Test;

/** Errors that are found before TensorRT is called. */
class PlanCompilerTest {
  private static GpuDescription gpu(String name, int major, int minor) {
    return new GpuDescription(name, major, minor, 16L << 30, 40, 13000, 13030);
  }

  @Test
  void unsupportedGpuIsRejected() {
    assertThatThrownBy(() -> PlanCompiler.requireCapable(gpu("Tesla V100", 7, 0), DataType.FP16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("Tesla V100", "7.5 or later, found 7.0", "--encoder cpu");
    assertThatThrownBy(() -> PlanCompiler.requireCapable(gpu("Tesla T4", 7, 5), DataType.BF16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("Tesla T4", "8.0 or later, found 7.5", "--precision fp16");
  }

  @Test
  void supportedGpuIsAccepted() {
    assertThatCode(
            () -> {
              PlanCompiler.requireCapable(gpu("Tesla T4", 7, 5), DataType.FP16);
              PlanCompiler.requireCapable(gpu("NVIDIA A10G", 8, 6), DataType.BF16);
              PlanCompiler.requireCapable(gpu("NVIDIA H100", 9, 0), DataType.BF16);
              PlanCompiler.requireCapable(gpu("NVIDIA B200", 10, 0), DataType.BF16);
            })
        .doesNotThrowAnyException();
  }

  @Test
  void missingKernelsAreExplained() {
    TensorRtException missing =
        new TensorRtException(
            "no builder", "Unable to load library: libnvinfer_builder_resource_sm90.so.11.2.1");
    assertThat(PlanCompiler.withAdvice(missing, "sm_90"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("resource_sm90.so", "kernels for sm_90", "KILN_TENSORRT");
    TensorRtException other = new TensorRtException("no builder", "out of memory");
    assertThat(PlanCompiler.withAdvice(other, "sm_90")).isSameAs(other);
  }

  @Test
  void optionsOutOfRangeAreRejected() {
    assertThatThrownBy(() -> new PlanCompiler.Options(DataType.BF16, 0, 3))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--batch");
    assertThatThrownBy(() -> new PlanCompiler.Options(DataType.BF16, 64, 6))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("--effort", "0 to 5", "6");
    assertThatThrownBy(() -> new PlanCompiler.Options(DataType.FP32, 64, 3))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("--precision", "bf16 or fp16");
  }
}
