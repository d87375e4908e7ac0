package dev.kiln.infer.cpu;

import dev.kiln.attention.FusedAttention;
import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.nativelib.FloatInstructions;

/**
 * Attention in one step, in Kiln's own native code.
 *
 * @param name of its instructions
 * @param compute computes it
 */
record FusedKernel(String name, Compute compute) {
  /** Computes attention. */
  @FunctionalInterface
  interface Compute {
    /**
     * Computes attention.
     *
     * @param query address of the queries, as {@link FusedAttention#compute} reads them
     * @param key address of the keys
     * @param value address of the values
     * @param out address of the output
     */
    void run(FusedAttention.Shape shape, long query, long key, long value, long out, int threads);
  }

  /** Returns the implementation in float32. */
  static FusedKernel fp32(FloatInstructions instructions) {
    return new FusedKernel(
        instructions.name(),
        (shape, query, key, value, out, threads) ->
            FusedAttention.compute(shape, query, key, value, out, threads, instructions));
  }

  /** Returns the implementation in bfloat16. */
  static FusedKernel bf16(Bf16Instructions instructions) {
    return new FusedKernel(
        instructions.name(),
        (shape, query, key, value, out, threads) ->
            Bf16Kernels.attention(shape, query, key, value, out, threads, instructions));
  }
}
