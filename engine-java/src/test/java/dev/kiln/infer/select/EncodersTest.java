package dev.kiln.infer.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.GoldenChips;
import dev.kiln.infer.Precision;
import dev.kiln.infer.cpu.OneDnnEncoder;
import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.model.ModelDirectory;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EncodersTest {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");

  @TempDir private static Path folder;
  private static GoldenChips golden;
  private static ModelDirectory model;

  @BeforeAll
  static void export() {
    golden = GoldenChips.under(MICRO).get(0);
    model =
        GoldenChips.export(
            MICRO.resolve("clay-micro.ckpt"), List.of(golden), folder.resolve("model"));
  }

  private static Encoder open(EncoderOptions.Kind kind, Precision precision, int threads) {
    return Encoders.open(
        model,
        golden.platform(),
        golden.chip(),
        new EncoderOptions(kind, false, precision, 0, threads));
  }

  @ParameterizedTest
  @CsvSource({
    "AUTO, FP32, onednn, fp32",
    "CPU, FP32, onednn, fp32",
    "CPU, BF16, onednn, bf16",
    "ONNXRUNTIME, FP32, onnxruntime, fp32",
    "ONNXRUNTIME, AUTO, onnxruntime, fp32",
  })
  void opensWhatIsAskedFor(
      EncoderOptions.Kind kind, Precision precision, String name, String format) {
    assumeTrue(precision != Precision.BF16 || bf16Refusal().isEmpty(), () -> bf16Refusal().orElseThrow());
    try (Encoder encoder = open(kind, precision, 1)) {
      assertThat(encoder.description().name()).isEqualTo(name);
      assertThat(encoder.description().precision()).isEqualTo(format);
    }
  }

  /** What this machine answers to bf16 on the CPU; empty where it computes in bf16. */
  private static Optional<String> bf16Refusal() {
    try {
      open(EncoderOptions.Kind.CPU, Precision.BF16, 1).close();
      return Optional.empty();
    } catch (ConfigurationException e) {
      return Optional.of(e.getMessage());
    }
  }

  @Test
  void refusesBf16WhereTheCpuHasNone() {
    Optional<String> refusal = bf16Refusal();
    assumeTrue(refusal.isPresent(), "this CPU computes in bf16: " + OneDnnEncoder.version());
    assertThat(refusal.orElseThrow())
        .matches("--precision bf16: oneDNN has none for this CPU \\(.*\\); use fp32");
  }

  @Test
  void takesAThreadForEachCoreUnlessTold() {
    try (Encoder encoder = open(EncoderOptions.Kind.CPU, Precision.FP32, 0)) {
      assertThat(encoder.description().device())
          .contains(", " + PhysicalCores.available() + " thread");
    }
    try (Encoder encoder = open(EncoderOptions.Kind.CPU, Precision.FP32, 3)) {
      assertThat(encoder.description().device()).endsWith(", 3 threads");
    }
  }

  @Test
  void refusesBf16OfOnnxRuntime() {
    assertThatThrownBy(() -> open(EncoderOptions.Kind.ONNXRUNTIME, Precision.BF16, 1))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("use --encoder cpu");
  }
}
