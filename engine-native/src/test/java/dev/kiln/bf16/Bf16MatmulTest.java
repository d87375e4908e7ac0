package dev.kiln.bf16;

import static dev.kiln.bf16.Bf16Arrays.floats;
import static dev.kiln.bf16.Bf16Arrays.values;
import static dev.kiln.reference.ReferenceKernels.error;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.matmul.PackedMatmul.Epilogue;
import dev.kiln.matmul.PackedMatmul.Shape;
import dev.kiln.memory.HostBuffer;
import dev.kiln.reference.ReferenceKernels;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every implementation against the definition in plain Java, in double precision. */
class Bf16MatmulTest {
  /** Relative L2 error of float32 output: of sums, and of GELU's polynomial. */
  private static final double FLOAT_TOLERANCE = 2e-4;

  /** Relative L2 error of output rounded to 8 bits; measured: 1.7e-3. */
  private static final double BF16_TOLERANCE = 3e-3;

  /** Rows, inner, columns: one value, every loop tail, more inner values than a pass. */
  private static final int[][] SIZES = {
    {1, 1, 1},
    {1, 64, 48},
    {5, 7, 16},
    {16, 32, 33},
    {33, 40, 31},
    {65, 64, 96},
    {70, 520, 50},
    {3, 2100, 20},
  };

  /** Input, weights, bias and previous output of a product, with rows at a stride. */
  private static final class Product implements AutoCloseable {
    private final boolean floatOut;
    private final Shape shape;
    private final HostBuffer in;
    private final HostBuffer weights;
    private final HostBuffer packed;
    private final HostBuffer bias;
    private final HostBuffer previous;

    Product(int[] size, boolean floatOut) {
      this.floatOut = floatOut;
      this.shape = new Shape(size[0], size[1], size[2], size[1] + 3, size[2] + 5);
      Random random = new Random(31L * size[0] + size[1]);
      int outputs = size[0] * (size[2] + 5);
      this.in = Bf16Arrays.random(random, size[0] * (size[1] + 3), 1);
      this.weights = Bf16Arrays.randomFloats(random, size[1] * size[2], 1 / Math.sqrt(size[1]));
      this.bias = Bf16Arrays.randomFloats(random, size[2], 1);
      this.previous =
          floatOut
              ? Bf16Arrays.randomFloats(random, outputs, 1)
              : Bf16Arrays.random(random, outputs, 1);
      // Aligned to 64 bytes within.
      this.packed = HostBuffer.allocate("packed", Bf16Kernels.packedBytes(size[1], size[2]) + 64);
      Bf16Kernels.pack(weights.address(), size[1], size[2], packedAddress());
    }

    private long packedAddress() {
      return (packed.address() + 63) & -64;
    }

    private float[] read(HostBuffer buffer) {
      return floatOut ? floats(buffer) : values(buffer);
    }

    /** Returns the output, with what is between its rows. */
    float[] run(Epilogue epilogue, boolean withBias, int threads, Bf16Instructions instructions) {
      try (HostBuffer out = HostBuffer.allocate("out", previous.size())) {
        Bf16Arrays.bytes(out).put(Bf16Arrays.bytes(previous));
        Bf16Kernels.multiply(
            shape,
            in.address(),
            packedAddress(),
            withBias ? bias.address() : 0,
            out.address(),
            floatOut,
            epilogue,
            threads,
            instructions);
        return read(out);
      }
    }

    double[] expected(Epilogue epilogue, boolean withBias) {
      return ReferenceKernels.product(
          shape,
          epilogue,
          values(in),
          rounded(floats(weights)),
          withBias ? floats(bias) : null,
          read(previous));
    }

    private static float[] rounded(float[] values) {
      for (int i = 0; i < values.length; i++) {
        values[i] = Bf16Arrays.widen(Bf16Arrays.narrow(values[i]));
      }
      return values;
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

  @ParameterizedTest
  @EnumSource
  void agreesWithTheDefinition(Bf16Instructions instructions) {
    Bf16Arrays.assumeHas(instructions);
    for (int[] size : SIZES) {
      for (boolean floatOut : new boolean[] {true, false}) {
        try (Product product = new Product(size, floatOut)) {
          for (Epilogue epilogue : Epilogue.values()) {
            boolean bias = epilogue != Epilogue.STORE;
            assertThat(
                    error(
                        product.run(epilogue, bias, 1, instructions),
                        product.expected(epilogue, bias)))
                .as("%s, float %s, %d x %d x %d", epilogue, floatOut, size[0], size[1], size[2])
                .isLessThan(floatOut ? FLOAT_TOLERANCE : BF16_TOLERANCE);
          }
        }
      }
    }
  }

  /** Values far from 0, where GELU is 0 or its argument. */
  @ParameterizedTest
  @EnumSource
  void geluOfLargeValues(Bf16Instructions instructions) {
    Bf16Arrays.assumeHas(instructions);
    try (HostBuffer in = HostBuffer.allocate("in", 4 * Short.BYTES);
        HostBuffer one = HostBuffer.allocate("one", Float.BYTES);
        HostBuffer weights = HostBuffer.allocate("weights", Bf16Kernels.packedBytes(1, 1) + 64);
        HostBuffer out = HostBuffer.allocate("out", 4 * Float.BYTES)) {
      ByteBuffer values = Bf16Arrays.bytes(in);
      for (float value : new float[] {-200, -6, 6, 200}) {
        values.putShort(Bf16Arrays.narrow(value));
      }
      Bf16Arrays.bytes(one).putFloat(1);
      long aligned = (weights.address() + 63) & -64;
      Bf16Kernels.pack(one.address(), 1, 1, aligned);
      Bf16Kernels.multiply(
          new Shape(4, 1, 1, 1, 1),
          in.address(),
          aligned,
          0,
          out.address(),
          true,
          Epilogue.GELU,
          1,
          instructions);
      float[] found = floats(out);
      // The rounding of the polynomial near 1/2, times the argument.
      assertThat(found[0]).isBetween(-4e-4f, 4e-4f);
      assertThat(found[1]).isBetween(-1e-4f, 1e-4f);
      assertThat(found[2]).isBetween(5.9999f, 6.0001f);
      assertThat(found[3]).isBetween(199.9995f, 200.0005f);
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsChangeNoByte(Bf16Instructions instructions) {
    Bf16Arrays.assumeHas(instructions);
    for (int[] size : new int[][] {{203, 300, 100}, {1, 70, 130}}) {
      try (Product product = new Product(size, false)) {
        float[] alone = product.run(Epilogue.GELU, true, 1, instructions);
        for (int threads : new int[] {2, 3, 5, 8, 64, 200}) {
          assertThat(product.run(Epilogue.GELU, true, threads, instructions))
              .as("%d threads", threads)
              .isEqualTo(alone);
        }
      }
    }
  }

  /** Products without GELU have no other operation than the instruction and one addition. */
  @ParameterizedTest
  @CsvSource({"AVX512, EMULATED_AVX512", "AMX, EMULATED_AMX"})
  void theEmulationHasTheBytesOfTheInstructions(
      Bf16Instructions instructions, Bf16Instructions emulation) {
    Bf16Arrays.assumeHas(instructions);
    try (Product product = new Product(new int[] {50, 600, 70}, true)) {
      assertThat(product.run(Epilogue.ACCUMULATE, true, 1, instructions))
          .isEqualTo(product.run(Epilogue.ACCUMULATE, true, 1, emulation));
    }
  }

  /** Subnormal values count as 0, as in the instructions. */
  @Test
  void theEmulationFlushesSubnormalValues() {
    short subnormal = 0x0040;
    for (Bf16Instructions instructions :
        new Bf16Instructions[] {Bf16Instructions.EMULATED_AMX, Bf16Instructions.EMULATED_AVX512}) {
      try (HostBuffer in = HostBuffer.allocate("in", Short.BYTES);
          HostBuffer weight = HostBuffer.allocate("weight", Float.BYTES);
          HostBuffer packed = HostBuffer.allocate("packed", Bf16Kernels.packedBytes(1, 1) + 64);
          HostBuffer out = HostBuffer.allocate("out", Float.BYTES)) {
        Bf16Arrays.bytes(in).putShort(subnormal);
        Bf16Arrays.bytes(weight).putFloat(1e30f);
        long aligned = (packed.address() + 63) & -64;
        Bf16Kernels.pack(weight.address(), 1, 1, aligned);
        Bf16Kernels.multiply(
            new Shape(1, 1, 1, 1, 1),
            in.address(),
            aligned,
            0,
            out.address(),
            true,
            Epilogue.STORE,
            1,
            instructions);
        assertThat(floats(out)).containsExactly(0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void layerNormAgreesWithTheDefinition(Bf16Instructions instructions) {
    Bf16Arrays.assumeHas(instructions);
    for (int size : new int[] {1, 16, 40, 192, 1024}) {
      int rows = 5;
      Random random = new Random(size);
      try (HostBuffer in = Bf16Arrays.randomFloats(random, rows * size, 3);
          HostBuffer scale = Bf16Arrays.randomFloats(random, size, 1);
          HostBuffer shift = Bf16Arrays.randomFloats(random, size, 1);
          HostBuffer exact = HostBuffer.allocate("out", (long) rows * size * Float.BYTES);
          HostBuffer rounded = HostBuffer.allocate("out", (long) rows * size * Short.BYTES)) {
        normalize(in, scale, shift, exact, true, rows, size, instructions);
        normalize(in, scale, shift, rounded, false, rows, size, instructions);
        double[] expected = new double[rows * size];
        for (int row = 0; row < rows; row++) {
          normalize(floats(in), floats(scale), floats(shift), row * size, expected);
        }
        assertThat(error(floats(exact), expected)).as("%d values", size).isLessThan(1e-6);
        assertThat(error(values(rounded), expected)).as("%d values", size).isLessThan(3e-3);
      }
    }
  }

  private static void normalize(
      HostBuffer in,
      HostBuffer scale,
      HostBuffer shift,
      HostBuffer out,
      boolean floatOut,
      int rows,
      int size,
      Bf16Instructions instructions) {
    Bf16Kernels.layerNorm(
        in.address(),
        scale.address(),
        shift.address(),
        out.address(),
        floatOut,
        rows,
        size,
        1e-5f,
        2,
        instructions);
  }

  private static void normalize(float[] in, float[] scale, float[] shift, int at, double[] out) {
    double mean = 0;
    for (int i = 0; i < scale.length; i++) {
      mean += (double) in[at + i] / scale.length;
    }
    double variance = 0;
    for (int i = 0; i < scale.length; i++) {
      variance += Math.pow(in[at + i] - mean, 2) / scale.length;
    }
    for (int i = 0; i < scale.length; i++) {
      out[at + i] = (in[at + i] - mean) / Math.sqrt(variance + 1e-5f) * scale[i] + shift[i];
    }
  }
}
