package dev.kiln.attention;

import static dev.kiln.reference.ReferenceKernels.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.attention.FusedAttention.Shape;
import dev.kiln.memory.HostBuffer;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.reference.ReferenceKernels;
import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every implementation against the definition in plain Java, in double precision. */
class FusedAttentionTest {
  /** Relative L2 error of sums of up to 1,025 products in float32; measured: 1.1e-6. */
  private static final double TOLERANCE = 4e-6;

  /**
   * Queries, keys, heads, head size: every loop tail, the class token alone, all of Clay's heads.
   */
  private static final int[][] SIZES = {
    {1, 1, 1, 64},
    {1, 2, 2, 64},
    {7, 15, 2, 48},
    {24, 16, 2, 64},
    {25, 17, 1, 16},
    {23, 18, 3, 20},
    {33, 33, 2, 64},
    {65, 129, 2, 64},
    {130, 130, 1, 64},
    {5, 257, 4, 80},
    {49, 1024, 1, 64},
    {1025, 1025, 2, 64},
  };

  private static void fill(HostBuffer buffer, long seed, double deviation) {
    FloatBuffer values = floats(buffer);
    Random random = new Random(seed);
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, (float) (random.nextGaussian() * deviation));
    }
  }

  private static FloatBuffer floats(HostBuffer buffer) {
    return buffer.slice(0, Math.toIntExact(buffer.size())).asFloatBuffer();
  }

  /** The output of queries, keys and values that are consecutive in one row, as in the encoder. */
  private static float[] run(
      int[] size, HostBuffer rows, int threads, FloatInstructions instructions) {
    int width = size[2] * size[3];
    try (HostBuffer out = HostBuffer.allocate("out", (long) size[0] * width * Float.BYTES)) {
      FusedAttention.compute(
          new Shape(size[0], size[1], size[2], size[3], 3L * width, 3L * width, width),
          rows.address(),
          rows.address() + (long) width * Float.BYTES,
          rows.address() + 2L * width * Float.BYTES,
          out.address(),
          threads,
          instructions);
      float[] result = new float[size[0] * width];
      floats(out).get(result);
      return result;
    }
  }

  private static double[] reference(int[] size, HostBuffer memory) {
    float[] rows = new float[Math.toIntExact(memory.size() / Float.BYTES)];
    floats(memory).get(rows);
    return ReferenceKernels.attention(rows, size[0], size[1], size[2], size[3]);
  }

  private static HostBuffer rows(int[] size) {
    int count = Math.max(size[0], size[1]);
    return HostBuffer.allocate("rows", 3L * count * size[2] * size[3] * Float.BYTES);
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
      try (HostBuffer rows = rows(size)) {
        fill(rows, 7 * size[0] + size[1], 0.7);
        assertThat(error(run(size, rows, 1, instructions), reference(size, rows)))
            .as("%d queries, %d keys, %d heads of %d", size[0], size[1], size[2], size[3])
            .isLessThan(TOLERANCE);
      }
    }
  }

  /** Scores far apart: the maximum comes late, and most exponentials are 0. */
  @ParameterizedTest
  @EnumSource
  void scoresFarApartStayFinite(FloatInstructions instructions) {
    assumeHas(instructions);
    int[] size = {30, 300, 2, 64};
    try (HostBuffer rows = rows(size)) {
      fill(rows, 3, 5);
      float[] found = run(size, rows, 1, instructions);
      // A score is off by 64 roundings of products of about 25.
      assertThat(error(found, reference(size, rows))).isLessThan(5e-4);
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsChangeNoByte(FloatInstructions instructions) {
    assumeHas(instructions);
    int[] size = {77, 77, 5, 64};
    try (HostBuffer rows = rows(size)) {
      fill(rows, 5, 0.7);
      float[] alone = run(size, rows, 1, instructions);
      for (int threads : new int[] {2, 3, 8, 200}) {
        assertThat(run(size, rows, threads, instructions)).isEqualTo(alone);
      }
    }
  }

  @Test
  void refusesWhatIsNoAttention() {
    assertThatThrownBy(() -> new Shape(0, 1, 1, 64, 64, 64, 64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected sizes of at least 1, found 0 queries");
    assertThatThrownBy(() -> new Shape(1, 1, 2, 64, 128, 64, 128))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected strides of at least 128, found 128, 64 and 128");
  }

  @Test
  void refusesInstructionsThatTheCpuLacks() {
    assumeTrue(
        FloatInstructions.fastest() != FloatInstructions.AVX512,
        "this CPU has every implementation");
    assertThatThrownBy(
            () ->
                FusedAttention.compute(
                    new Shape(1, 1, 1, 8, 8, 8, 8), 0, 0, 0, 0, 1, FloatInstructions.AVX512))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("this CPU has no AVX512");
  }
}
