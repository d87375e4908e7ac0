package dev.kiln.infer.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.GoldenChips;
import dev.kiln.infer.PrecisionRequest;
import dev.kiln.infer.SupportedPrecisions;
import dev.kiln.infer.cpu.OneDnnEncoder;
import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
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

  @TempDir private static Path directory;
  private static GoldenChips golden;
  private static ModelDirectory model;

  @BeforeAll
  static void export() {
    golden = GoldenChips.under(MICRO).get(0);
    model =
        GoldenChips.export(
            MICRO.resolve("clay-micro.ckpt"), List.of(golden), directory.resolve("model"));
  }

  private static ExportedEncoder encoder() {
    return model.encoder(golden.platform(), golden.chip());
  }

  private static EncoderOptions options(EncoderOptions.Kind kind, String precision) {
    return EncoderOptions.of(kind).withPrecision(PrecisionRequest.parse(precision));
  }

  private static Encoder open(EncoderOptions.Kind kind, String precision, int threads) {
    return Encoders.open(encoder(), options(kind, precision).withThreads(threads));
  }

  /** A chip for each thread, within limits. */
  @ParameterizedTest
  @CsvSource({"1, 4", "6, 6", "40, 16"})
  void choosesTheBatchSizeByTheThreads(int threads, int batchSize) {
    try (Encoder encoder = open(EncoderOptions.Kind.CPU, "fp32", threads)) {
      assertThat(encoder.description().batchSize()).isEqualTo(batchSize);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "AUTO, fp32, onednn, FP32",
    "CPU, fp32, onednn, FP32",
    "CPU, bf16, onednn, BF16",
    "ONNXRUNTIME, fp32, onnxruntime, FP32",
    "ONNXRUNTIME, auto, onnxruntime, FP32",
  })
  void opensTheRequestedEncoder(
      EncoderOptions.Kind kind, String precision, String name, DataType type) {
    assumeTrue(
        !precision.equals("bf16") || bf16Refusal().isEmpty(), () -> bf16Refusal().orElseThrow());
    try (Encoder encoder = open(kind, precision, 1)) {
      assertThat(encoder.description().name()).isEqualTo(name);
      assertThat(encoder.description().precision()).isEqualTo(type);
    }
  }

  /** Returns this machine's error for bf16 on the CPU; empty if it supports bf16. */
  private static Optional<String> bf16Refusal() {
    try {
      open(EncoderOptions.Kind.CPU, "bf16", 1).close();
      return Optional.empty();
    } catch (ConfigurationException e) {
      return Optional.of(e.getMessage());
    }
  }

  @Test
  void rejectsBf16OnCpusWithoutIt() {
    Optional<String> refusal = bf16Refusal();
    assumeTrue(refusal.isPresent(), "this CPU computes in bf16: " + OneDnnEncoder.version());
    assertThat(refusal.orElseThrow())
        .matches(
            "--precision bf16: expected fp32 for oneDNN on this CPU \\(.*\\);"
                + " change --precision or --encoder");
  }

  @Test
  void usesOneThreadPerCoreByDefault() {
    try (Encoder encoder = Encoders.open(encoder(), EncoderOptions.of(EncoderOptions.Kind.CPU))) {
      assertThat(encoder.description().precision()).isEqualTo(DataType.FP32);
      assertThat(encoder.description().device())
          .contains(", " + PhysicalCores.available() + " thread");
    }
    try (Encoder encoder = open(EncoderOptions.Kind.CPU, "fp32", 3)) {
      assertThat(encoder.description().device()).endsWith(", 3 threads");
    }
  }

  @Test
  void rejectsBf16ForOnnxRuntime() {
    assertThatThrownBy(() -> open(EncoderOptions.Kind.ONNXRUNTIME, "bf16", 1))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("--precision bf16", "expected fp32", "change --precision");
  }

  @Test
  void resolvesAllRequests() {
    SupportedPrecisions cpu =
        new SupportedPrecisions(
            "a CPU",
            DataType.FP32,
            List.of(DataType.BF16, DataType.FP32),
            List.of(DataType.FP32, DataType.BF16));
    SupportedPrecisions gpu = SupportedPrecisions.of("a GPU", DataType.BF16, DataType.FP16);

    assertThat(Encoders.resolve(PrecisionRequest.DEFAULT, cpu)).containsExactly(DataType.FP32);
    assertThat(Encoders.resolve(PrecisionRequest.DEFAULT, gpu)).containsExactly(DataType.BF16);
    assertThat(Encoders.resolve(PrecisionRequest.AUTO, cpu))
        .containsExactly(DataType.BF16, DataType.FP32);
    assertThat(Encoders.resolve(PrecisionRequest.AUTO, gpu)).containsExactly(DataType.BF16);
    for (SupportedPrecisions device : List.of(cpu, gpu)) {
      for (DataType type : DataType.values()) {
        PrecisionRequest request = PrecisionRequest.fixed(type);
        if (device.all().contains(type)) {
          assertThat(Encoders.resolve(request, device)).containsExactly(type);
        } else {
          assertThatThrownBy(() -> Encoders.resolve(request, device))
              .isInstanceOf(ConfigurationException.class)
              .hasMessageStartingWith("--precision " + type.label() + ": expected ")
              .hasMessageContaining(device.implementation());
        }
      }
    }
  }

  @Test
  void parsesOnlyImplementedValues() {
    assertThat(PrecisionRequest.parse("AUTO")).isEqualTo(PrecisionRequest.AUTO);
    assertThat(PrecisionRequest.parse("fp16")).isEqualTo(PrecisionRequest.fixed(DataType.FP16));
    assertThatThrownBy(() -> PrecisionRequest.parse("fp8"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("expected auto, fp32, bf16 or fp16, found fp8");
  }
}
