package dev.kiln.matmul;

import static dev.kiln.reference.ReferenceKernels.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.matmul.PackedMatmul.Epilogue;
import dev.kiln.matmul.PackedMatmul.Shape;
import dev.kiln.memory.HostBuffer;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.reference.ReferenceKernels;
import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every implementation against the definition in plain Java, in double precision. */
class PackedMatmulTest {
  /** Relative L2 error of sums of up to 1,030 products in float32. */
  private static final double TOLERANCE = 2e-6;

  /**
   * Rows, inner, columns: every number of rows of a tile, every loop tail, more rows and values
   * than a block, a panel that is wider than the output.
   */
  private static final int[][] SIZES = {
    {1, 1, 1},
    {1, 64, 48},
    {2, 9, 33},
    {3, 9, 33},
    {4, 9, 33},
    {5, 7, 16},
    {6, 8, 17},
    {7, 347, 31},
    {8, 9, 33},
    {9, 9, 33},
    {10, 9, 33},
    {11, 9, 33},
    {12, 24, 64},
    {13, 256, 32},
    {65, 64, 192},
    {345, 30, 20},
    {1025, 1030, 16},
  };

  /** Input, weights, bias and previous output of a product, with rows at a stride. */
  private static final class Product implements AutoCloseable {
    private final Shape shape;
    private final HostBuffer in;
    private final HostBuffer weights;
    private final HostBuffer packed;
    private final HostBuffer bias;
    private final HostBuffer previous;
    private final FloatInstructions instructions;

    Product(int[] size, FloatInstructions instructions) {
      this.instructions = instructions;
      this.shape = new Shape(size[0], size[1], size[2], size[1] + 3, size[2] + 5);
      Random random = new Random(31L * size[0] + size[1]);
      this.in = random(random, size[0] * (size[1] + 3), 1);
      this.weights = random(random, size[1] * size[2], 1 / Math.sqrt(size[1]));
      this.bias = random(random, size[2], 1);
      this.previous = random(random, size[0] * (size[2] + 5), 1);
      // Aligned to 64 bytes within.
      this.packed =
          HostBuffer.allocate(
              "packed", PackedMatmul.packedBytes(size[1], size[2], instructions) + 64);
      PackedMatmul.packWeights(weights.address(), size[1], size[2], packedAddress(), instructions);
    }

    private static HostBuffer random(Random random, int count, double deviation) {
      HostBuffer buffer = HostBuffer.allocate("random", (long) count * Float.BYTES);
      FloatBuffer values = floats(buffer);
      for (int i = 0; i < count; i++) {
        values.put(i, (float) (random.nextGaussian() * deviation));
      }
      return buffer;
    }

    private long packedAddress() {
      return (packed.address() + 63) & -64;
    }

    /** Returns the output, with what is between its rows. */
    float[] run(Epilogue epilogue, boolean withBias, int threads) {
      try (HostBuffer out = HostBuffer.allocate("out", previous.size())) {
        float[] values = values(previous);
        floats(out).put(values);
        PackedMatmul.multiply(
            shape,
            in.address(),
            packedAddress(),
            withBias ? bias.address() : 0,
            out.address(),
            epilogue,
            threads,
            instructions);
        return values(out);
      }
    }

    double[] expected(Epilogue epilogue, boolean withBias) {
      return ReferenceKernels.product(
          shape,
          epilogue,
          values(in),
          values(weights),
          withBias ? values(bias) : null,
          values(previous));
    }

    @Override
    public void close() {
      in.close();
      weights.close();
      packed.close();
      bias.close();
      previous.close();
    }
  }

  private static FloatBuffer floats(HostBuffer buffer) {
    return buffer.slice(0, Math.toIntExact(buffer.size())).asFloatBuffer();
  }

  private static float[] values(HostBuffer buffer) {
    float[] values = new float[Math.toIntExact(buffer.size() / Float.BYTES)];
    floats(buffer).get(values);
    return values;
  }

  private static void assumeHas(FloatInstructions instructions) {
    assumeTrue(
        instructions.compareTo(FloatInstructions.fastest()) <= 0,
        "this CPU has no " + instructions + ", only " + FloatInstructions.fastest());
  }

  @ParameterizedTest
  @EnumSource
  void agreesWithTheDefinition(FloatInstructions instructions) {
    assumeHas(instructions);
    for (int[] size : SIZES) {
      try (Product product = new Product(size, instructions)) {
        for (Epilogue epilogue : Epilogue.values()) {
          for (boolean bias : new boolean[] {true, false}) {
            assertThat(error(product.run(epilogue, bias, 1), product.expected(epilogue, bias)))
                .as("%s, bias %s, %d x %d x %d", epilogue, bias, size[0], size[1], size[2])
                .isLessThan(TOLERANCE);
          }
        }
      }
    }
  }

  /** Values far from 0, where GELU is 0 or its argument. */
  @ParameterizedTest
  @EnumSource
  void geluOfLargeValues(FloatInstructions instructions) {
    assumeHas(instructions);
    try (HostBuffer in = HostBuffer.allocate("in", 4 * Float.BYTES);
        HostBuffer weights =
            HostBuffer.allocate("weights", PackedMatmul.packedBytes(1, 1, instructions) + 64);
        HostBuffer out = HostBuffer.allocate("out", 4 * Float.BYTES)) {
      floats(in).put(new float[] {-200, -6, 6, 200});
      long aligned = (weights.address() + 63) & -64;
      try (HostBuffer one = HostBuffer.allocate("one", Float.BYTES)) {
        floats(one).put(0, 1);
        PackedMatmul.packWeights(one.address(), 1, 1, aligned, instructions);
      }
      PackedMatmul.multiply(
          new Shape(4, 1, 1, 1, 1),
          in.address(),
          aligned,
          0,
          out.address(),
          Epilogue.GELU,
          1,
          instructions);
      float[] found = values(out);
      assertThat(found[0]).isZero();
      assertThat(found[1]).isBetween(-1e-6f, 0f);
      assertThat(found).endsWith(6, 200);
    }
  }

  /** Weights are packed by the panel that the implementation reads. */
  @Test
  void packedWeightsAreWholePanels() {
    assertThat(PackedMatmul.packedBytes(3, 33, FloatInstructions.AVX2)).isEqualTo(3 * 48 * 4);
    assertThat(PackedMatmul.packedBytes(3, 33, FloatInstructions.AVX512)).isEqualTo(3 * 64 * 4);
  }

  /** Also no byte of a row: one row alone is computed as among others. */
  @ParameterizedTest
  @EnumSource
  void threadsAndOtherRowsChangeNoByte(FloatInstructions instructions) {
    assumeHas(instructions);
    int[] size = {203, 300, 100};
    try (Product product = new Product(size, instructions)) {
      float[] alone = product.run(Epilogue.GELU, true, 1);
      for (int threads : new int[] {2, 3, 5, 8, 64, 200}) {
        assertThat(product.run(Epilogue.GELU, true, threads))
            .as("%d threads", threads)
            .isEqualTo(alone);
      }
      try (HostBuffer out = HostBuffer.allocate("out", size[2] * Float.BYTES)) {
        PackedMatmul.multiply(
            new Shape(1, size[1], size[2], size[1], size[2]),
            product.in.address(),
            product.packedAddress(),
            product.bias.address(),
            out.address(),
            Epilogue.GELU,
            1,
            instructions);
        assertThat(alone).startsWith(values(out));
      }
    }
  }

  @Test
  void refusesWhatIsNoProduct() {
    assertThatThrownBy(() -> new Shape(0, 1, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected sizes of at least 1, found [0, 1] · [1, 1]");
    assertThatThrownBy(() -> new Shape(1, 8, 16, 7, 16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected strides of at least 8 and 16, found 7 and 16");
  }
}
