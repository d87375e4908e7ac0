package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.GoldenChips;
import dev.kiln.infer.VectorRequest;
import dev.kiln.infer.cpu.MatrixProducts.BoundProduct;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bfloat16 kernels that compute something else than they should, in real encoders. */
@Timeout(60)
class WrongBf16Test {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");

  @TempDir private static Path directory;
  private static GoldenChips golden;
  private static ExportedEncoder exported;

  @BeforeAll
  static void export() {
    golden = GoldenChips.under(MICRO).get(0);
    exported =
        GoldenChips.export(
                MICRO.resolve("clay-micro.ckpt"), List.of(golden), directory.resolve("model"))
            .encoder(golden.platform(), golden.chip());
  }

  private static Encoder require(VectorRequest vectors, UnaryOperator<PassKernels> change) {
    KernelSource right = Bf16Mode.all(Bf16Instructions.EMULATED_AMX);
    KernelSource changed =
        (model, dnn, weights) ->
            context -> change.apply(right.choose(model, dnn, weights).apply(context));
    return new PrecisionTrial(
            exported.platform(),
            new PrecisionTrial.Candidates() {
              @Override
              public TrialEncoder open(DataType type) {
                return new OneDnnEncoder(exported, 3, 2, type, vectors, Blocks.ALL, changed);
              }

              @Override
              public TrialEncoder openEnds() {
                return OneDnnEncoder.endsInFp32(exported, 2, vectors);
              }
            })
        .requireBf16();
  }

  private static void assertRefused(UnaryOperator<PassKernels> change) {
    assertThatThrownBy(() -> require(VectorRequest.CHIP, change))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--precision bf16: vectors are wrong on this CPU");
  }

  /** The encoder that was compared is the one that is returned, with all blocks. */
  @Test
  void acceptsRightKernels() throws Exception {
    float[] found;
    try (Encoder encoder = require(VectorRequest.CHIP, kernels -> kernels)) {
      found = golden.encode(encoder.newSlot(), 0);
    }
    try (Encoder encoder =
        new OneDnnEncoder(
            exported,
            1,
            1,
            DataType.BF16,
            VectorRequest.CHIP,
            Blocks.ALL,
            Bf16Mode.all(Bf16Instructions.EMULATED_AMX))) {
      assertThat(found).isEqualTo(golden.encode(encoder.newSlot(), 0));
    }
  }

  @Test
  void acceptsRightKernelsForVectorsOfPatches() {
    require(new VectorRequest(true, VectorRequest.ALL_PATCHES), kernels -> kernels).close();
  }

  @Test
  void refusesAttentionThatLeavesItsOutput() {
    assertRefused(
        kernels ->
            new PassKernels(
                kernels.products(),
                Optional.of(
                    new FusedKernel("idle", (shape, query, key, value, out, threads) -> {})),
                kernels.norm()));
  }

  /** One product of the first block, or of the last, which has other shapes. */
  @ParameterizedTest
  @ValueSource(strings = {"patch embedding", "qkv", "kv", "q", "out", "up", "down"})
  void refusesAProductThatSwapsHalves(String name) {
    assertRefused(
        kernels ->
            new PassKernels(
                new SwappedHalves(kernels.products(), name), kernels.attention(), kernels.norm()));
  }

  /** Swaps the halves of every output row of one product, as a wrong layout of weights would. */
  private record SwappedHalves(MatrixProducts right, String wrong) implements MatrixProducts {
    @Override
    public Product product(String name, Shape shape, boolean bias, Epilogue epilogue) {
      Product product = right.product(name, shape, bias, epilogue);
      if (!name.equals(wrong)) {
        return product;
      }
      return (weight, biasName, from, to) -> {
        BoundProduct bound = product.bind(weight, biasName, from, to);
        return new BoundProduct() {
          @Override
          public void read(Pointer input) {
            bound.read(input);
          }

          @Override
          public void run() {
            bound.run();
            for (long row = 0; row < shape.rows(); row++) {
              swap(new BytePointer(to), row * shape.outStride(), shape);
            }
          }
        };
      };
    }

    private static void swap(BytePointer to, long first, Shape shape) {
      int size = shape.output().bytes();
      byte[] values = new byte[Math.toIntExact(shape.columns() * size)];
      BytePointer row = to.getPointer(first * size);
      row.get(values);
      row.put(values, values.length / 2, values.length / 2);
      row.getPointer(values.length / 2).put(values, 0, values.length / 2);
    }
  }

  /** The tests above would show nothing if the encoder in float32 were wrong as well. */
  @ParameterizedTest
  @EnumSource(names = {"ALL", "ENDS"})
  void theReferenceIsTheEncoderInFloat32(Blocks blocks) throws Exception {
    float[] whole;
    float[] ends;
    try (TrialEncoder encoder =
            new OneDnnEncoder(
                exported,
                1,
                1,
                DataType.FP32,
                VectorRequest.CHIP,
                Blocks.ALL,
                KernelSource.oneDnn(DataType.FP32));
        TrialEncoder reference = OneDnnEncoder.endsInFp32(exported, 1, VectorRequest.CHIP)) {
      whole = golden.encode(encoder.newSlot(blocks), 0);
      ends = golden.encode(reference.newSlot(), 0);
    }
    // The model has two blocks.
    assertThat(ends).isEqualTo(whole);
  }
}
