package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.StandIn;
import dev.kiln.error.ConfigurationException;
import dev.kiln.export.Exporter;
import dev.kiln.export.Npy;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.GoldenChips;
import dev.kiln.infer.TestStrips;
import dev.kiln.infer.VectorLayout;
import dev.kiln.infer.VectorRequest;
import dev.kiln.infer.select.Encoders;
import dev.kiln.memory.HostMemory;
import dev.kiln.memory.Strip;
import dev.kiln.model.Architecture;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.Distance;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The whole {@code cuda} encoder through JavaCPP's bindings, over a stand-in for NVIDIA's
 * libraries: matrix products by its cuBLASLt, everything else by Kiln's kernels compiled for the
 * host.
 */
@Tag("stand-in")
@Timeout(300)
class StandInEncoderTest {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");
  private static final Path TINY =
      Path.of(System.getProperty("kiln.shared", "../../shared")).resolve("golden");

  /** PyTorch's own bfloat16 differs by 5e-3 to 9e-3 from its float32. */
  private static final double BF16 = 1e-2;

  @TempDir Path directory;

  @BeforeEach
  void reset() {
    System.setProperty("kiln.cache", directory.resolve("cache").toString());
    StandIn.reset();
  }

  @AfterEach
  void everythingWasReleased() {
    System.clearProperty("kiln.cache");
    System.clearProperty("kiln.gemm");
    System.clearProperty("kiln.attention");
    System.clearProperty("kiln.gelu");
    assertThat(StandIn.violations()).isEmpty();
    assertThat(StandIn.live()).isEmpty();
    assertThat(StandIn.lastError()).isZero();
  }

  private static Encoder open(ExportedEncoder exported, int batchSize) {
    return KernelEncoder.open(CudaGpu.open(), exported, OptionalInt.of(batchSize), DataType.BF16);
  }

  private static Encoder open(ExportedEncoder exported, int batchSize, VectorRequest vectors) {
    return KernelEncoder.open(
        CudaGpu.open(), exported, OptionalInt.of(batchSize), DataType.BF16, vectors);
  }

  private ExportedEncoder export(Path checkpoint, GoldenChips golden) {
    return GoldenChips.export(checkpoint, List.of(golden), directory.resolve("model"))
        .encoder(golden.platform(), golden.chip());
  }

  private static GoldenChips golden(String platform) {
    return GoldenChips.under(MICRO).stream()
        .filter(golden -> golden.platform().equals(platform))
        .findFirst()
        .orElseThrow();
  }

  private ExportedEncoder micro(GoldenChips golden) {
    return export(MICRO.resolve("clay-micro.ckpt"), golden);
  }

  /** Chips of 128 pixels: attention takes a sixteenth of the time of 256. */
  private static GoldenChips small() {
    return golden("landsat-c2l2-sr");
  }

  /** Leaves out comparing and timing of attention, which takes most of the time of a test. */
  private static void withoutLibraryOfAttention() {
    System.setProperty("kiln.attention", "own");
  }

  private static void check(GoldenChips golden, Encoder encoder, int... chips) throws Exception {
    float[] vectors = golden.encode(encoder.newSlot(), chips);
    int dim = golden.embeddings().shape()[1];
    for (int i = 0; i < chips.length; i++) {
      float[] got = Arrays.copyOfRange(vectors, i * dim, (i + 1) * dim);
      float[] reference =
          Arrays.copyOfRange(golden.embeddings().values(), chips[i] * dim, (chips[i] + 1) * dim);
      assertThat(Distance.relative(got, reference, 0, dim))
          .as("%s, chip %d", golden.name(), chips[i])
          .isLessThan(BF16);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void goldenCasesAgree(int which) throws Exception {
    GoldenChips golden = GoldenChips.under(MICRO).get(which);
    if (golden.chip() > 128) {
      withoutLibraryOfAttention();
    }
    try (Encoder encoder = open(micro(golden), 3)) {
      check(golden, encoder, 0, golden.count() - 1, 0);
    }
    assertThat(StandIn.calls().get("cublasLtMatmul")).isPositive();
    assertThat(StandIn.log()).contains("kiln_gelu").doesNotContain("kiln_product_gelu");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void goldenCasesAgreeWithOwnProducts(int which) throws Exception {
    System.setProperty("kiln.gemm", "own");
    withoutLibraryOfAttention();
    GoldenChips golden = GoldenChips.under(MICRO).get(which);
    try (Encoder encoder = open(micro(golden), 2)) {
      check(golden, encoder, 0, golden.count() - 1);
    }
    assertThat(StandIn.calls()).doesNotContainKey("cublasLtMatmul");
    assertThat(StandIn.log()).contains("kiln_product_gelu");
  }

  /** All tokens, as PyTorch's in float32; their mean and a grid, from these tokens. */
  @ParameterizedTest
  @ValueSource(strings = {"library", "own"})
  void patchTokensAgree(String gemm) throws Exception {
    System.setProperty("kiln.gemm", gemm);
    withoutLibraryOfAttention();
    GoldenChips golden = small();
    ExportedEncoder exported = micro(golden);
    Npy tokens = Npy.read(MICRO.resolve(golden.name()).resolve("tokens.npy"));
    int side = golden.chip() / 8;
    int count = 1 + side * side;
    int dim = tokens.shape()[2];
    VectorRequest all = new VectorRequest(true, VectorRequest.ALL_PATCHES);
    float[] found;
    try (Encoder encoder = open(exported, 2, all)) {
      assertThat(encoder.vectors().length()).isEqualTo((count + 1) * dim);
      long weights = encoder.memory().weights();
      float[] batch = golden.encode(encoder.newSlot(), golden.count() - 1, 0);
      found = Arrays.copyOfRange(batch, batch.length / 2, batch.length);
      try (Encoder chip = open(exported, 2)) {
        assertThat(encoder.memory().weights())
            .isEqualTo(weights)
            .isEqualTo(chip.memory().weights());
        assertThat(encoder.memory().activations()).isEqualTo(chip.memory().activations());
        assertThat(encoder.memory().slot() - chip.memory().slot())
            .isEqualTo(2L * count * dim * Float.BYTES);
      }
    }
    for (int token = 0; token < tokens.shape()[1]; token++) {
      int at = token == 0 ? 0 : (1 + token) * dim;
      assertThat(
              Distance.relative(
                  Arrays.copyOfRange(found, at, at + dim),
                  Arrays.copyOfRange(tokens.values(), token * dim, (token + 1) * dim),
                  0,
                  dim))
          .as("%s, token %d", golden.name(), token)
          .isLessThan(BF16);
    }
    FloatBuffer expected = FloatBuffer.allocate(6 * dim);
    FloatBuffer own = FloatBuffer.allocate(count * dim);
    own.put(found, 0, dim).put(found, 2 * dim, (count - 1) * dim);
    new VectorLayout(dim, true, 2).write(own, 0, side, expected, 0);
    assertThat(
            Distance.relative(Arrays.copyOfRange(found, dim, 2 * dim), slice(expected, 1), 0, dim))
        .isLessThan(1e-5);
    try (Encoder encoder = open(exported, 2, new VectorRequest(true, 2))) {
      float[] pooled = golden.encode(encoder.newSlot(), 0);
      assertThat(pooled).hasSize(6 * dim);
      assertThat(Distance.relative(pooled, expected.array(), 0, pooled.length)).isLessThan(1e-5);
    }
  }

  private static float[] slice(FloatBuffer vectors, int which) {
    int dim = vectors.capacity() / 6;
    return Arrays.copyOfRange(vectors.array(), which * dim, (which + 1) * dim);
  }

  @Test
  void aGridThatDoesNotDivideTheChipIsRefused() {
    GoldenChips golden = small();
    ExportedEncoder exported = micro(golden);

    assertThatThrownBy(() -> open(exported, 1, new VectorRequest(false, 7)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--patch-grid: expected a divisor of " + golden.chip() / 8);
    assertThatThrownBy(
            () -> open(exported, 1 << 20, new VectorRequest(false, VectorRequest.ALL_PATCHES)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--batch: expected at most ");
  }

  /** 1025 tokens, heads of 48. */
  @Test
  void aFullChipAgrees() throws Exception {
    Path checkpoint = TINY.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no " + checkpoint);
    GoldenChips golden =
        GoldenChips.under(TINY).stream()
            .filter(one -> one.name().equals("naip-60cm-256"))
            .findFirst()
            .orElseThrow();
    withoutLibraryOfAttention();
    try (Encoder encoder = open(export(checkpoint, golden), 1)) {
      check(golden, encoder, 0);
    }
    assertThat(StandIn.calls()).doesNotContainKey("cudnnCreate");
  }

  private ExportedEncoder headsOf64(int chipSize) {
    Architecture architecture = new Architecture(Architecture.CUSTOM, 256, 3, 4, 64, 512);
    Path checkpoint = directory.resolve("random.ckpt");
    new RandomCheckpoint(architecture, DataType.BF16, 3, 0).write(checkpoint);
    return Exporter.export(
            checkpoint,
            new Exporter.Options(
                List.of(PlatformCatalog.builtIn().get("naip")), List.of(chipSize), false, false),
            directory.resolve("model"))
        .encoder("naip", chipSize);
  }

  /** Heads of 64, as Clay base and large have; the reference is ONNX Runtime in float32. */
  @ParameterizedTest
  @CsvSource({"64, own, kernel", "64, library, all", "72, library, own"})
  void headsOf64Agree(int chipSize, String gemm, String attention) throws Exception {
    System.setProperty("kiln.gemm", gemm);
    System.setProperty("kiln.attention", attention);
    ExportedEncoder exported = headsOf64(chipSize);
    float[] expected;
    try (Encoder reference =
        Encoders.open(
            exported, EncoderOptions.of(EncoderOptions.Kind.ONNXRUNTIME).withBatchSize(3))) {
      expected = encode(reference, chipSize, 3);
    }
    float[] found;
    StandIn.delay("kiln_attention_64_sm90", 0.5);
    try (Encoder encoder = open(exported, 3)) {
      int choosing = count("kiln_attention_64_sm90");
      found = encode(encoder, chipSize, 3);
      // The model has three blocks; the last one attends to the class token only.
      boolean warpgroups = !attention.equals("kernel");
      assertThat(count("kiln_attention_64_sm90") - choosing).isEqualTo(warpgroups ? 2 : 0);
      assertThat(trials()).hasSize(warpgroups ? 1 : 0);
    }
    for (int i = 0; i < 3; i++) {
      float[] one = Arrays.copyOfRange(found, i * 256, (i + 1) * 256);
      float[] other = Arrays.copyOfRange(expected, i * 256, (i + 1) * 256);
      assertThat(Distance.relative(one, other, 0, 256)).as("chip %d", i).isLessThan(BF16);
    }
  }

  /** What the kernel for sm_90 does wrong leaves the work to the one for all architectures. */
  @ParameterizedTest
  @ValueSource(strings = {"slow", "wrong", "not a number", "does not load", "no trial"})
  void otherKernelIsLeftOut(String fault) throws Exception {
    withoutLibraryOfAttention();
    ExportedEncoder exported = headsOf64(64);
    open(exported, 1).close(); // The trial is stored.
    StandIn.reset();
    StandIn.delay("kiln_attention_64_sm90", 0.5);
    String home = System.getProperty("java.home");
    switch (fault) {
      case "slow" -> StandIn.delay("kiln_attention_64_sm90", 1000);
      case "wrong" -> StandIn.distort("kiln_attention_64_sm90", 1.05f);
      case "not a number" -> StandIn.distort("kiln_attention_64_sm90", Float.NaN);
      case "does not load" -> StandIn.fail("cudaLibraryLoadData", 2, 218, false);
      case "no trial" -> {
        Files.delete(trials().get(0));
        System.setProperty("java.home", directory.toString());
      }
      default -> throw new AssertionError(fault);
    }
    try (Encoder encoder = open(exported, 1)) {
      int choosing = count("kiln_attention_64_sm90");
      encode(encoder, 64, 1);
      assertThat(count("kiln_attention_64_sm90")).isEqualTo(choosing);
      assertThat(count("kiln_attention_64")).isPositive();
    } finally {
      System.setProperty("java.home", home);
    }
  }

  private static int count(String kernel) {
    return Collections.frequency(StandIn.log(), kernel);
  }

  /** Returns the successful trials of the kernel for sm_90 on this device. */
  private List<Path> trials() throws Exception {
    try (var files = Files.list(directory.resolve("cache/kernels"))) {
      return files
          .filter(
              file ->
                  file.getFileName()
                      .toString()
                      .matches("attention_sm90-stand-in-driver-13000-[0-9a-f]{12}\\.works"))
          .toList();
    }
  }

  private static float[] encode(Encoder encoder, int chipSize, int chips) throws Exception {
    BatchSlot slot = encoder.newSlot();
    try (Strip strip = strip(chipSize, chips)) {
      fill(slot, strip, chipSize, chips);
      slot.start(0.6f);
      FloatBuffer result = slot.await();
      float[] vectors = new float[result.remaining()];
      result.get(vectors);
      slot.clear();
      return vectors;
    }
  }

  private static Strip strip(int chipSize, int chips) {
    return TestStrips.noise(
        TestStrips.naip(), chips * chipSize, 0, chipSize, 0, 0, 0, 11, HostMemory.ORDINARY);
  }

  private static void fill(BatchSlot slot, Strip strip, int chipSize, int chips) {
    for (int i = 0; i < chips; i++) {
      slot.put(strip, i * chipSize, 0, new float[] {0, 1, 0.5f, i}, new float[] {1, 0, -1, 0.2f});
    }
  }

  @Test
  void fastestAlgorithmIsMeasuredOnceAndStored() {
    withoutLibraryOfAttention();
    ExportedEncoder exported = micro(small());
    open(exported, 2).close();
    List<String> first = StandIn.log();
    assertThat(first)
        .contains("cublasLtMatmul algorithm 0", "cublasLtMatmul algorithm 2")
        .contains("cublasLtMatmulAlgoGetHeuristic");
    StandIn.reset();
    open(exported, 2).close();

    // The stand-in's second algorithm is the fastest on its clock.
    assertThat(StandIn.log())
        .contains("cublasLtMatmulAlgoCheck", "cublasLtMatmul algorithm 1")
        .doesNotContain("cublasLtMatmul algorithm 0", "cublasLtMatmul algorithm 2")
        .doesNotContain("cublasLtMatmulAlgoGetHeuristic");
  }

  @Test
  void unsupportedProductsAreComputedByOwnKernels() throws Exception {
    withoutLibraryOfAttention();
    GoldenChips golden = small();
    ExportedEncoder exported = micro(golden);
    for (int n = 1; n <= 4; n++) {
      StandIn.reset();
      StandIn.fail("cublasLtMatmulAlgoGetHeuristic", n, 15, false);
      System.setProperty("kiln.cache", directory.resolve("cache-" + n).toString());
      try (Encoder encoder = open(exported, 2)) {
        check(golden, encoder, 0, 0);
      }
      assertThat(StandIn.log().stream().filter(line -> line.matches("kiln_product.*")).distinct())
          .hasSizeGreaterThan(n == 1 ? 1 : 0);
    }
  }

  @Test
  void fasterAttentionIsChosenForFullBatches() throws Exception {
    GoldenChips golden = small();
    try (Encoder encoder = open(micro(golden), 2)) {
      int choosing = StandIn.calls().get("cudnnBackendExecute");
      assertThat(choosing)
          .as("compared once, timed three times, run once to measure products")
          .isEqualTo(5);
      check(golden, encoder, 0);
      assertThat(StandIn.calls()).containsEntry("cudnnBackendExecute", choosing);
      check(golden, encoder, 0, 0);
      // The micro model has two blocks; the last one attends to the class token only.
      assertThat(StandIn.calls()).containsEntry("cudnnBackendExecute", choosing + 1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"slow", "wrong", "not a number"})
  void otherAttentionIsLeftToTheKernel(String library) throws Exception {
    switch (library) {
      case "slow" -> StandIn.pace(0.01, 25e3);
      case "wrong" -> StandIn.distort("cudnn", 1.05f);
      case "not a number" -> StandIn.distort("cudnn", Float.NaN);
      default -> throw new AssertionError(library);
    }
    GoldenChips golden = small();
    try (Encoder encoder = open(micro(golden), 2)) {
      int choosing = StandIn.calls().getOrDefault("cudnnBackendExecute", 0);
      check(golden, encoder, 0, 0);
      assertThat(StandIn.calls().getOrDefault("cudnnBackendExecute", 0)).isEqualTo(choosing);
      assertThat(StandIn.live()).doesNotContain("cuDNN context", "cuDNN descriptor");
    }
  }

  /** GELU of a full batch by cuDNN, whose second plan is faster here; by the pass otherwise. */
  @Test
  void geluIsFusedWhereThatIsFaster() throws Exception {
    withoutLibraryOfAttention();
    System.setProperty("kiln.gelu", "fused");
    GoldenChips golden = small();
    try (Encoder encoder = open(micro(golden), 2)) {
      int choosing = StandIn.log().size();
      check(golden, encoder, 0, 0);
      List<String> full = StandIn.log().subList(choosing, StandIn.log().size());
      // The last of two blocks computes the class token only.
      assertThat(full).containsOnlyOnce("product with GELU, engine 1", "kiln_gelu");
      check(golden, encoder, 0);
      List<String> partial = StandIn.log().subList(choosing + full.size(), StandIn.log().size());
      assertThat(partial).doesNotContain("product with GELU, engine 1");
      assertThat(Collections.frequency(partial, "kiln_gelu")).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"slow", "wrong", "not a number", "small", "cudnnCreate", "cudnnBackendExecute"})
  void otherGeluIsLeftToThePass(String fault) throws Exception {
    withoutLibraryOfAttention();
    System.setProperty("kiln.gelu", fault.equals("small") ? "" : "fused");
    switch (fault) {
      case "slow" -> StandIn.pace(0.01, 25e3);
      case "wrong" -> StandIn.distort("cudnn gelu", 1.05f);
      case "not a number" -> StandIn.distort("cudnn gelu", Float.NaN);
      case "small" -> {}
      default -> StandIn.fail(fault, 1, StandIn.UNKNOWN_ERROR, false);
    }
    GoldenChips golden = small();
    try (Encoder encoder = open(micro(golden), 2)) {
      int choosing = StandIn.log().size();
      check(golden, encoder, 0, 0);
      List<String> run = StandIn.log().subList(choosing, StandIn.log().size());
      assertThat(run).doesNotContain("cudnnBackendExecute");
      assertThat(Collections.frequency(run, "kiln_gelu")).isEqualTo(2);
      assertThat(StandIn.live()).doesNotContain("cuDNN descriptor");
    }
  }

  /** Each call of cuDNN that may fail does so once; the kernel does the work. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cudnnCreate",
        "cudnnSetStream",
        "cudnnBackendCreateDescriptor",
        "cudnnBackendSetAttribute",
        "cudnnBackendFinalize",
        "cudnnBackendGetAttribute",
        "cudnnBackendExecute"
      })
  void failingLibraryIsLeftOut(String function) throws Exception {
    GoldenChips golden = small();
    ExportedEncoder exported = micro(golden);
    StandIn.fail(function, 1, StandIn.UNKNOWN_ERROR, false);
    try (Encoder encoder = open(exported, 2)) {
      check(golden, encoder, 0, 0);
      assertThat(StandIn.live()).doesNotContain("cuDNN context", "cuDNN descriptor");
    }
  }

  /**
   * Double buffering: while a batch computes, the next is uploaded and the previous one is
   * downloaded. The clock makes copies and kernels long enough to observe this.
   */
  @Test
  void copiesOverlapComputing() throws Exception {
    withoutLibraryOfAttention();
    ExportedEncoder exported = micro(golden("naip"));
    int chipSize = exported.chipSize();
    try (Encoder encoder = open(exported, 2);
        Strip strip = strip(chipSize, 2);
        Strip second = strip(chipSize, 2)) {
      StandIn.pace(100, 500);
      BatchSlot[] slots = {encoder.newSlot(), encoder.newSlot()};
      int before = StandIn.spans().size();
      for (int batch = 0; batch < 6; batch++) {
        BatchSlot slot = slots[batch % 2];
        if (batch >= 2) {
          slot.await();
          slot.clear();
        }
        fill(slot, batch % 2 == 0 ? strip : second, chipSize, 2);
        slot.start(0.6f);
      }
      for (BatchSlot slot : slots) {
        slot.await();
        slot.clear();
      }
      List<StandIn.Span> spans = StandIn.spans();
      List<StandIn.Span> run = spans.subList(before, spans.size());
      double busy =
          run.stream()
              .filter(StandInEncoderTest::computes)
              .mapToDouble(span -> span.end() - span.begin())
              .sum();
      for (String copy : List.of("upload", "download")) {
        assertThat(
                run.stream()
                    .filter(span -> span.work().equals(copy))
                    .filter(span -> overlapsCompute(run, span)))
            .as("%ss that overlap computing", copy)
            .hasSizeGreaterThanOrEqualTo(3);
      }
      double begin =
          run.stream()
              .filter(span -> span.work().startsWith("kiln"))
              .mapToDouble(StandIn.Span::begin)
              .min()
              .orElseThrow();
      double end = run.stream().mapToDouble(StandIn.Span::end).max().orElseThrow();
      assertThat(busy / (end - begin)).as("share of time that computes").isGreaterThan(0.95);
    }
  }

  private static boolean overlapsCompute(List<StandIn.Span> run, StandIn.Span copy) {
    return run.stream()
        .filter(StandInEncoderTest::computes)
        .anyMatch(span -> span.begin() < copy.end() && copy.begin() < span.end());
  }

  private static boolean computes(StandIn.Span span) {
    return span.work().matches("(kiln|cublas|cudnn).*");
  }

  @Test
  @Timeout(60)
  void lostDeviceFailsTheBatchAndCanBeClosed() {
    withoutLibraryOfAttention();
    ExportedEncoder exported = micro(golden("naip"));
    int chipSize = exported.chipSize();
    try (Encoder encoder = open(exported, 1);
        Strip strip = strip(chipSize, 1)) {
      BatchSlot slot = encoder.newSlot();
      fill(slot, strip, chipSize, 1);
      StandIn.failWork(5, StandIn.ILLEGAL_ADDRESS);
      slot.start(0.6f);
      assertThatThrownBy(slot::await)
          .isInstanceOf(EncoderException.class)
          .hasMessageContaining("CUDA error 700");
    }
    // Memory of a lost device is freed with the process.
    StandIn.reset();
  }
}
