package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.cuda.FakeGpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.GoldenChips;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.testing.Distance;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares Kiln's kernels with the published PyTorch encoder. They run on the CPU, thread by
 * thread; whether a GPU behaves as {@code simt.h} can only be tested on a GPU.
 */
@Timeout(300)
class KernelEncoderTest {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");

  private static final Path TINY =
      Path.of(System.getProperty("kiln.shared", "../../shared")).resolve("golden");

  /** PyTorch's own bfloat16 has errors of 5e-3 to 9e-3. */
  private static final double BF16 = 1e-2;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void goldenCasesAgree(int which) throws Exception {
    check(GoldenChips.under(MICRO).get(which), MICRO.resolve("clay-micro.ckpt"), 3);
  }

  /** 1025 tokens, heads of 48: sixteen seconds. */
  @Test
  void aFullChipAgrees() throws Exception {
    Path checkpoint = TINY.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no " + checkpoint);
    GoldenChips golden =
        GoldenChips.under(TINY).stream()
            .filter(one -> one.name().equals("naip-60cm-256"))
            .findFirst()
            .orElseThrow();

    check(golden, checkpoint, 1);
  }

  private void check(GoldenChips golden, Path checkpoint, int batch) throws Exception {
    ModelDirectory model =
        GoldenChips.export(checkpoint, List.of(golden), directory.resolve("model"));
    FakeGpu gpu = new FakeGpu();
    try (Encoder encoder =
        KernelEncoder.open(
            gpu,
            model.encoder(golden.platform(), golden.chip()),
            OptionalInt.of(batch),
            DataType.BF16)) {
      assertThat(encoder.description()).hasToString("cuda bf16 on Fake, batch " + batch);
      int[] chips = IntStream.range(0, batch).map(i -> i % golden.count()).toArray();
      float[] vectors = golden.encode(encoder.newSlot(), chips);

      int dim = golden.embeddings().shape()[1];
      assertThat(vectors).hasSize(batch * dim);
      for (int i = 0; i < batch; i++) {
        float[] got = Arrays.copyOfRange(vectors, i * dim, (i + 1) * dim);
        float[] reference =
            Arrays.copyOfRange(golden.embeddings().values(), chips[i] * dim, (chips[i] + 1) * dim);
        assertThat(Distance.relative(got, reference, 0, dim))
            .as("%s, chip %d", golden.name(), i)
            .isLessThan(BF16);
      }
    }
    assertThat(gpu.leaked()).isEmpty();
    assertThat(gpu.live()).isEmpty();
  }

  @Test
  void embeddingsDoNotDependOnTheBatch() throws Exception {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    try (Encoder encoder =
        KernelEncoder.open(
            new FakeGpu(),
            model(golden).encoder(golden.platform(), golden.chip()),
            OptionalInt.of(3),
            DataType.BF16)) {
      float[] alone = golden.encode(encoder.newSlot(), 0);
      float[] among = golden.encode(encoder.newSlot(), golden.count() - 1, 0, golden.count() - 1);

      assertThat(Arrays.copyOfRange(among, alone.length, 2 * alone.length)).isEqualTo(alone);
    }
  }

  @Test
  void anyFailedCallDuringLoadingLeaksNothing() {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    ExportedEncoder exported = model(golden).encoder(golden.platform(), golden.chip());
    FakeGpu whole = new FakeGpu();
    KernelEncoder.open(whole, exported, OptionalInt.of(1), DataType.BF16).newSlot();
    for (int n = 1; n <= whole.calls(); n++) {
      FakeGpu gpu = new FakeGpu();
      gpu.failCall(n);
      assertThatThrownBy(
              () -> {
                try (Encoder encoder =
                    KernelEncoder.open(gpu, exported, OptionalInt.of(1), DataType.BF16)) {
                  encoder.newSlot();
                }
              })
          .as("call %d", n)
          .hasMessageContaining("told to fail");
      assertThat(gpu.leaked()).as("call %d", n).isEmpty();
      assertThat(gpu.live()).as("call %d", n).isEmpty();
    }
  }

  @Test
  void tooSmallDeviceIsReported() {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    FakeGpu gpu = new FakeGpu();
    gpu.memory(2_000_000);

    assertThatThrownBy(
            () ->
                KernelEncoder.open(
                    gpu,
                    model(golden).encoder(golden.platform(), golden.chip()),
                    OptionalInt.empty(),
                    DataType.BF16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("of a batch: ")
        .hasMessageContaining("lower --batch or --slots");
    assertThat(gpu.leaked()).isEmpty();
  }

  @Test
  void rejectsOtherPrecisions() {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);

    assertThatThrownBy(
            () ->
                KernelEncoder.open(
                    new FakeGpu(),
                    model(golden).encoder(golden.platform(), golden.chip()),
                    OptionalInt.of(1),
                    DataType.FP32))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("--precision fp32", "expected bf16");
  }

  private ModelDirectory model(GoldenChips golden) {
    return GoldenChips.export(
        MICRO.resolve("clay-micro.ckpt"), List.of(golden), directory.resolve("model"));
  }
}
