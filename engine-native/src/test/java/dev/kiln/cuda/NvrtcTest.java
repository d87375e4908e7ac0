package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kiln's device code goes through NVIDIA's compiler, for all architectures that it is meant for.
 */
class NvrtcTest {
  private static final String ADD =
      "extern \"C\" __global__ void add(float* x) { x[threadIdx.x] += AMOUNT; }";

  @BeforeEach
  void compiler() {
    assumeTrue(
        Nvrtc.available(),
        "NVIDIA's compiler is not in this build: build with Maven's profile nvrtc or gpu");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sm_80", "sm_86", "sm_89", "sm_90", "sm_90a", "sm_100", "sm_120",
      })
  void compilesAllDeviceCode(String architecture) {
    for (DeviceCode code : DeviceCode.values()) {
      if (code.target(architecture).isEmpty()) {
        assertThat(code.required()).as(code.title()).isFalse();
        continue;
      }
      byte[] cubin =
          Nvrtc.compile(code.title(), code.source(), code.target(architecture).get(), List.of());

      assertThat(cubin).as(code.title()).startsWith(0x7F, 'E', 'L', 'F');
      String text = new String(cubin, StandardCharsets.ISO_8859_1);
      assertThat(text).contains(code.kernels());
    }
  }

  @Test
  void distinguishesArchitecturesAndOptions() {
    byte[] old = Nvrtc.compile("add", ADD, "sm_80", List.of("-DAMOUNT=1.0f"));

    assertThat(Nvrtc.compile("add", ADD, "sm_90", List.of("-DAMOUNT=1.0f"))).isNotEqualTo(old);
    assertThat(Nvrtc.compile("add", ADD, "sm_80", List.of("-DAMOUNT=2.0f"))).isNotEqualTo(old);
    assertThat(Nvrtc.compile("add", ADD, "sm_80", List.of("-DAMOUNT=1.0f"))).isEqualTo(old);
  }

  @Test
  void quotesTheCompilerWhenTheSourceIsWrong() {
    assertThatThrownBy(() -> Nvrtc.compile("add", ADD, "sm_90", List.of()))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("add for sm_90")
        .hasMessageContaining("\"AMOUNT\" is undefined");
    assertThatThrownBy(() -> Nvrtc.compile("add", ADD, "sm_1", List.of("-DAMOUNT=1")))
        .isInstanceOf(CudaException.class);
  }

  @Test
  void reportsItsVersion() {
    assertThat(Nvrtc.version()).matches("1[3-9]\\.\\d+");
  }

  @Test
  void compilesTheSameKernelOnce(@TempDir Path directory) {
    byte[] code = new CubinCache(directory).get("add", ADD, "sm_90", List.of("-DAMOUNT=1"));
    CubinCache.Compiler refusing =
        new CubinCache.Compiler() {
          @Override
          public Optional<String> version() {
            return Optional.of(Nvrtc.version());
          }

          @Override
          public byte[] compile(
              String name, String source, String architecture, List<String> options) {
            throw new AssertionError("compiled again");
          }
        };

    byte[] again =
        new CubinCache(directory, Optional.empty(), refusing)
            .get("add", ADD, "sm_90", List.of("-DAMOUNT=1"));

    assertThat(again).isEqualTo(code);
  }
}
