package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.GoldenChips;
import dev.kiln.infer.PrecisionRequest;
import dev.kiln.infer.VectorRequest;
import dev.kiln.infer.select.Encoders;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.testing.Distance;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares the oneDNN encoder with the published PyTorch encoder. */
@Timeout(300)
class OneDnnEncoderTest {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");
  private static final Path TINY =
      Path.of(System.getProperty("kiln.shared", "../../shared")).resolve("golden");

  /** Maximum relative L2 error: float32 sums in another order. */
  private static final double FP32 = 2e-5;

  /** PyTorch's own bfloat16 has errors of 5e-3 to 9e-3. */
  private static final double BF16 = 1e-2;

  private static final double BF16_COSINE = 0.9999;

  @TempDir Path folder;

  /** Skips a bf16 test where oneDNN cannot compute in bf16 at all. */
  private static void assumeComputes(DataType precision) {
    assumeTrue(
        precision != DataType.BF16 || CpuInstructions.supportBf16(),
        "oneDNN has no bf16 for this CPU (" + CpuInstructions.name() + ")");
  }

  private interface Opener {
    Encoder open(ModelDirectory model, String platform, int chip, int batch);
  }

  private static Opener oneDnn(DataType precision) {
    return (model, platform, chip, batch) ->
        new OneDnnEncoder(model.encoder(platform, chip), batch, 1, precision);
  }

  /** Applies the same tolerance to ONNX Runtime, the reference of other tests. */
  private static Opener onnxRuntime() {
    return (model, platform, chip, batch) ->
        new OnnxRuntimeEncoder(model.encoder(platform, chip), batch, 2);
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void microCasesAgree(DataType precision) throws Exception {
    assumeComputes(precision);
    check(MICRO, MICRO.resolve("clay-micro.ckpt"), 4, precision, oneDnn(precision));
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void tinyCasesAgree(DataType precision) throws Exception {
    assumeComputes(precision);
    check(TINY, tinyCheckpoint(), 7, precision, oneDnn(precision));
  }

  /** All of Kiln's bfloat16 kernels, on CPUs without bfloat16 instructions, too. */
  private static Opener own(Bf16Instructions instructions, int threads) {
    return (model, platform, chip, batch) ->
        new OneDnnEncoder(
            model.encoder(platform, chip),
            batch,
            threads,
            DataType.BF16,
            VectorRequest.CHIP,
            Blocks.ALL,
            Bf16Mode.all(instructions));
  }

  private static void assumeHas(Bf16Instructions instructions) {
    assumeTrue(
        Bf16Kernels.support().includes(instructions),
        "this CPU has no " + instructions + " with bfloat16");
  }

  @ParameterizedTest
  @EnumSource
  void microCasesAgreeInOwnBf16Kernels(Bf16Instructions instructions) throws Exception {
    assumeHas(instructions);
    // Chips of a batch are encoded one after the other: one emulation at all batch sizes is enough.
    int[] batches =
        instructions == Bf16Instructions.EMULATED_AVX512 ? new int[] {1} : new int[] {1, 3, 8};
    check(MICRO, MICRO.resolve("clay-micro.ckpt"), 4, DataType.BF16, own(instructions, 2), batches);
  }

  /** 1,025 tokens, of which 1,024 are whole blocks. */
  @ParameterizedTest
  @EnumSource(names = "EMULATED_AVX512", mode = EnumSource.Mode.EXCLUDE)
  void aTinyCaseAgreesInOwnBf16Kernels(Bf16Instructions instructions) throws Exception {
    assumeHas(instructions);
    GoldenChips golden =
        GoldenChips.under(TINY).stream().filter(c -> c.chip() == 256).findFirst().orElseThrow();
    ModelDirectory model =
        GoldenChips.export(tinyCheckpoint(), List.of(golden), folder.resolve("model"));
    try (Encoder encoder = own(instructions, 2).open(model, golden.platform(), 256, 1)) {
      compare(golden, new int[] {0}, golden.encode(encoder.newSlot(), 0), DataType.BF16);
    }
  }

  @ParameterizedTest
  @EnumSource
  void ownBf16KernelsDoNotDependOnThreadsOrBatches(Bf16Instructions instructions) throws Exception {
    assumeHas(instructions);
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    ModelDirectory model = micro(golden);
    float[] alone;
    try (Encoder encoder = own(instructions, 1).open(model, golden.platform(), golden.chip(), 1)) {
      alone = golden.encode(encoder.newSlot(), 0);
    }
    for (int threads : new int[] {2, 3, 8}) {
      try (Encoder encoder =
          own(instructions, threads).open(model, golden.platform(), golden.chip(), 3)) {
        float[] among = golden.encode(encoder.newSlot(), golden.count() - 1, 0, 0);
        assertThat(Arrays.copyOfRange(among, alone.length, 2 * alone.length))
            .as("%d threads", threads)
            .isEqualTo(alone);
      }
    }
  }

  @Test
  void microCasesAgreeInOnnxRuntime() throws Exception {
    check(MICRO, MICRO.resolve("clay-micro.ckpt"), 4, DataType.FP32, onnxRuntime());
  }

  @Test
  void tinyCasesAgreeInOnnxRuntime() throws Exception {
    check(TINY, tinyCheckpoint(), 7, DataType.FP32, onnxRuntime());
  }

  private static Path tinyCheckpoint() {
    Path checkpoint = TINY.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no " + checkpoint);
    return checkpoint;
  }

  private void check(
      Path directory, Path checkpoint, int expected, DataType precision, Opener opener)
      throws Exception {
    check(directory, checkpoint, expected, precision, opener, 1, 3, 8);
  }

  private void check(
      Path directory,
      Path checkpoint,
      int expected,
      DataType precision,
      Opener opener,
      int... batches)
      throws Exception {
    List<GoldenChips> cases = GoldenChips.under(directory);
    assertThat(cases).hasSize(expected);
    ModelDirectory model = GoldenChips.export(checkpoint, cases, folder.resolve("model"));
    for (GoldenChips golden : cases) {
      for (int batch : batches) {
        try (Encoder encoder = opener.open(model, golden.platform(), golden.chip(), batch)) {
          int[] chips = IntStream.range(0, batch).map(i -> i % golden.count()).toArray();
          compare(golden, chips, golden.encode(encoder.newSlot(), chips), precision);
        }
      }
    }
  }

  private static void compare(
      GoldenChips golden, int[] chips, float[] vectors, DataType precision) {
    int dim = golden.embeddings().shape()[1];
    assertThat(vectors).hasSize(chips.length * dim);
    for (int i = 0; i < chips.length; i++) {
      float[] got = Arrays.copyOfRange(vectors, i * dim, (i + 1) * dim);
      float[] reference =
          Arrays.copyOfRange(golden.embeddings().values(), chips[i] * dim, (chips[i] + 1) * dim);
      double error = Distance.relative(got, reference, 0, dim);
      assertThat(error)
          .as("%s, chip %d, batch of %d, %s", golden.name(), chips[i], chips.length, precision)
          .isLessThan(precision == DataType.FP32 ? FP32 : BF16);
      assertThat(cosine(got, reference)).isGreaterThan(BF16_COSINE);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void embeddingsDoNotDependOnThreadsOrBatches(DataType precision) throws Exception {
    assumeComputes(precision);
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    sameBytes(micro(golden), golden, precision);
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void embeddingsOfTinyDoNotDependOnThreadsOrBatches(DataType precision) throws Exception {
    assumeComputes(precision);
    Path checkpoint = tinyCheckpoint();
    GoldenChips golden = GoldenChips.under(TINY).get(0);
    sameBytes(
        GoldenChips.export(checkpoint, List.of(golden), folder.resolve("model")),
        golden,
        precision);
  }

  private static void sameBytes(ModelDirectory model, GoldenChips golden, DataType precision)
      throws Exception {
    float[] alone;
    try (Encoder encoder = withoutTrial(model, golden, 1, 1, precision)) {
      alone = golden.encode(encoder.newSlot(), 0);
    }
    for (int threads : new int[] {1, 2, 3, 8}) {
      try (Encoder encoder = withoutTrial(model, golden, 3, threads, precision)) {
        BatchSlot slot = encoder.newSlot();
        float[] among = golden.encode(slot, golden.count() - 1, 0, golden.count() - 1);
        assertThat(Arrays.copyOfRange(among, alone.length, 2 * alone.length))
            .as("%d threads", threads)
            .isEqualTo(alone);
        assertThat(golden.encode(slot, 0)).as("%d threads, again", threads).isEqualTo(alone);
      }
    }
  }

  /** A trial of kernels could choose others each time. */
  private static Encoder withoutTrial(
      ModelDirectory model, GoldenChips golden, int batch, int threads, DataType precision) {
    return new OneDnnEncoder(
        model.encoder(golden.platform(), golden.chip()),
        batch,
        threads,
        precision,
        VectorRequest.CHIP,
        Blocks.ALL,
        precision == DataType.FP32 ? KernelSource.fp32(KernelChoice.KILN) : Bf16Mode.NONE);
  }

  @Test
  void agreesWithOnnxRuntimeInOneProcess() throws Exception {
    GoldenChips golden = GoldenChips.under(MICRO).get(1);
    ModelDirectory model = micro(golden);
    try (Encoder judge =
            new OnnxRuntimeEncoder(model.encoder(golden.platform(), golden.chip()), 1, 2);
        Encoder encoder =
            new OneDnnEncoder(
                model.encoder(golden.platform(), golden.chip()), 1, 2, DataType.FP32)) {
      for (int round = 0; round < 2; round++) {
        float[] expected = golden.encode(judge.newSlot(), 0);
        float[] got = golden.encode(encoder.newSlot(), 0);
        assertThat(Distance.relative(got, expected, 0, got.length)).isLessThan(FP32);
      }
    }
  }

  @Test
  void rejectsBf16OnCpusWithoutIt() throws Exception {
    assumeFalse(
        CpuInstructions.supportBf16(),
        "oneDNN has bf16 for this CPU (" + CpuInstructions.name() + ")");
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    ModelDirectory model = micro(golden);
    assertThatThrownBy(
            () ->
                new OneDnnEncoder(
                    model.encoder(golden.platform(), golden.chip()), 1, 1, DataType.BF16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--precision bf16")
        .hasMessageContaining(CpuInstructions.name())
        .hasMessageContaining("expected fp32");
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void describesItself(DataType precision) throws Exception {
    assumeComputes(precision);
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    try (Encoder encoder =
        new OneDnnEncoder(
            micro(golden).encoder(golden.platform(), golden.chip()), 2, 1, precision)) {
      assertThat(encoder.description().name()).isEqualTo("onednn");
      assertThat(encoder.description().precision()).isEqualTo(precision);
      assertThat(encoder.description().device()).contains(CpuInstructions.name(), "1 thread");
    }
    assertThat(OneDnnEncoder.version())
        .matches("3\\.\\d+\\.\\d+ with .*, (no native bfloat16|bfloat16 native)")
        .contains(CpuInstructions.name());
  }

  @Test
  void autoSelectsBf16OnCpusWithIt() throws Exception {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    EncoderOptions options =
        EncoderOptions.of(EncoderOptions.Kind.CPU)
            .withPrecision(PrecisionRequest.AUTO)
            .withBatchSize(1)
            .withThreads(1);
    try (Encoder encoder =
        Encoders.open(micro(golden).encoder(golden.platform(), golden.chip()), options)) {
      assertThat(encoder.description().precision())
          .isEqualTo(CpuInstructions.hasNativeBf16() ? DataType.BF16 : DataType.FP32);
    }
  }

  /** Layouts of oneDNN add little padding, and there is no second copy of the weights. */
  @Test
  void reportsEveryWeightOnceAndItsOtherMemory() throws Exception {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    ExportedEncoder exported = micro(golden).encoder(golden.platform(), golden.chip());
    for (int lanes : new int[] {1, 3}) {
      reportsMemory(exported, lanes);
    }
  }

  private static void reportsMemory(ExportedEncoder exported, int lanes) {
    try (Encoder encoder = new OneDnnEncoder(exported, 3, lanes, DataType.FP32)) {
      EncoderMemory memory = encoder.memory();
      double weights = (double) exported.weightValues() * Float.BYTES;
      long residual = exported.tokens() * (long) exported.architecture().dim() * Float.BYTES;
      assertThat(memory.weights() / weights).as("%d lanes", lanes).isBetween(0.95, 1.05);
      assertThat(memory.activations()).isGreaterThan(lanes * residual);
      assertThat(memory.slot())
          .isGreaterThan(3L * exported.patches() * exported.rowLength() * Float.BYTES);
      assertThat(encoder.device().memory()).isEmpty();
    }
  }

  /** Lanes have equally many threads, and there is a chip for each. */
  @ParameterizedTest
  @CsvSource({"1, 4, 1", "2, 4, 2", "4, 4, 4", "6, 4, 3", "7, 4, 1", "64, 4, 4", "8, 1, 1"})
  void dividesThreadsIntoLanes(int threads, int batchSize, int lanes) {
    assertThat(OneDnnEncoder.lanes(threads, batchSize)).isEqualTo(lanes);
  }

  @Test
  void closesOnceAndRejectsLaterWork() throws Exception {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    Encoder encoder =
        new OneDnnEncoder(
            micro(golden).encoder(golden.platform(), golden.chip()), 1, 1, DataType.FP32);
    BatchSlot slot = encoder.newSlot();
    encoder.close();
    encoder.close();
    assertThatThrownBy(() -> golden.encode(slot, 0)).isInstanceOf(RejectedExecutionException.class);
  }

  @Test
  void rejectsMissingWeights() throws Exception {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    ModelDirectory model = micro(golden);
    Files.write(model.weights(), new byte[4096]);
    assertThatThrownBy(
            () ->
                new OneDnnEncoder(
                    model.encoder(golden.platform(), golden.chip()), 1, 1, DataType.FP32))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("cannot read");
  }

  private ModelDirectory micro(GoldenChips golden) {
    return GoldenChips.export(
        MICRO.resolve("clay-micro.ckpt"), List.of(golden), folder.resolve("model"));
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }
}
