package dev.kiln.bf16;

import static dev.kiln.bf16.Bf16Arrays.values;
import static dev.kiln.reference.ReferenceKernels.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.kiln.attention.FusedAttention.Shape;
import dev.kiln.memory.HostBuffer;
import dev.kiln.reference.ReferenceKernels;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every implementation against the definition in plain Java, in double precision. */
class Bf16AttentionTest {
  /**
   * Relative L2 error: roundings of shares and of the output to 8 bits have errors of 1.1e-3 each;
   * measured: 1.7e-3.
   */
  private static final double TOLERANCE = 3e-3;

  /**
   * Queries, keys, heads, head size: the class token alone, every loop tail, whole blocks of keys
   * behind the class token, Clay's size.
   */
  private static final int[][] SIZES = {
    {1, 1, 1, 64},
    {1, 1, 2, 16},
    {1, 2, 2, 64},
    {17, 17, 2, 16},
    {17, 17, 3, 64},
    {23, 18, 3, 20},
    {31, 50, 1, 7},
    {65, 129, 2, 64},
    {1, 257, 4, 80},
    {33, 1025, 2, 16},
    {1025, 1025, 1, 64},
  };

  private static HostBuffer rows(int[] size, int seed, double deviation) {
    int count = 3 * Math.max(size[0], size[1]) * size[2] * size[3];
    return Bf16Arrays.random(new Random(seed), count, deviation);
  }

  /** The output of queries, keys and values that are consecutive in one row, as in the encoder. */
  private static float[] run(
      int[] size, HostBuffer rows, int threads, Bf16Instructions instructions) {
    int width = size[2] * size[3];
    try (HostBuffer out = HostBuffer.allocate("out", (long) size[0] * width * Short.BYTES)) {
      Bf16Kernels.attention(
          new Shape(size[0], size[1], size[2], size[3], 3L * width, 3L * width, width),
          rows.address(),
          rows.address() + (long) width * Short.BYTES,
          rows.address() + 2L * width * Short.BYTES,
          out.address(),
          threads,
          instructions);
      return values(out);
    }
  }

  private static double[] reference(int[] size, HostBuffer rows) {
    return ReferenceKernels.attention(values(rows), size[0], size[1], size[2], size[3]);
  }

  @ParameterizedTest
  @EnumSource
  void agreesWithTheDefinition(Bf16Instructions instructions) {
    Bf16Arrays.assumeHas(instructions);
    for (int[] size : SIZES) {
      try (HostBuffer rows = rows(size, 7 * size[0] + size[1], 0.7)) {
        assertThat(error(run(size, rows, 1, instructions), reference(size, rows)))
            .as("%d queries, %d keys, %d heads of %d", size[0], size[1], size[2], size[3])
            .isLessThan(TOLERANCE);
      }
    }
  }

  /** Scores far apart: the maximum comes late, and most exponentials are 0. */
  @ParameterizedTest
  @EnumSource
  void scoresFarApartStayFinite(Bf16Instructions instructions) {
    Bf16Arrays.assumeHas(instructions);
    int[] size = {30, 300, 2, 64};
    try (HostBuffer rows = rows(size, 3, 5)) {
      assertThat(error(run(size, rows, 1, instructions), reference(size, rows)))
          .isLessThan(TOLERANCE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsChangeNoByte(Bf16Instructions instructions) {
    Bf16Arrays.assumeHas(instructions);
    int[] size = {77, 77, 5, 64};
    try (HostBuffer rows = rows(size, 5, 0.7)) {
      float[] alone = run(size, rows, 1, instructions);
      for (int threads : new int[] {2, 3, 8, 200}) {
        assertThat(run(size, rows, threads, instructions)).isEqualTo(alone);
      }
    }
  }

  @Test
  void refusesInstructionsThatTheCpuLacks() {
    assumeFalse(
        Bf16Kernels.support().includes(Bf16Instructions.AMX), "this CPU has every implementation");
    assertThatThrownBy(
            () ->
                Bf16Kernels.attention(
                    new Shape(1, 1, 1, 8, 8, 8, 8), 0, 0, 0, 0, 1, Bf16Instructions.AMX))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("bfloat16: expected instructions of this CPU, found AMX");
  }
}
