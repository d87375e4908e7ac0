package dev.kiln.attention;

import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.nativelib.NativeLibrary;

/**
 * Attention on the CPU in float32: {@code softmax(Q·Kᵀ)·V} per head in one pass, in Kiln's own
 * native code. Scores stay in the cache: keys are processed in blocks with a running maximum and
 * sum.
 *
 * <p>Each output is computed by one thread in a fixed order, so the result has the same bytes for
 * any number of threads. The threads are those of the OpenMP library that oneDNN loaded.
 *
 * <p>Owns no memory but a scratch per thread of about {@code 8 · keys · headSize} bytes.
 */
public final class FusedAttention {
  /**
   * Sizes and layout of one call. The values of a head are consecutive in a row, and the heads
   * follow one another.
   *
   * @param queries number of queries
   * @param keys number of keys and values
   * @param heads number of heads
   * @param headSize values of a head
   * @param queryStride elements from one query row to the next
   * @param keyStride elements from one row of keys, or of values, to the next
   * @param outStride elements from one output row to the next
   */
  public record Shape(
      int queries,
      int keys,
      int heads,
      int headSize,
      long queryStride,
      long keyStride,
      long outStride) {
    /** Checks that there is something to compute and that rows do not overlap. */
    public Shape {
      long width = (long) heads * headSize;
      if (queries < 1 || keys < 1 || heads < 1 || headSize < 1) {
        throw new IllegalArgumentException(
            "attention: expected sizes of at least 1, found %d queries, %d keys, %d heads of %d"
                .formatted(queries, keys, heads, headSize));
      }
      if (queryStride < width || keyStride < width || outStride < width) {
        throw new IllegalArgumentException(
            "attention: expected strides of at least %d, found %d, %d and %d"
                .formatted(width, queryStride, keyStride, outStride));
      }
    }
  }

  private FusedAttention() {}

  /**
   * Computes attention. The scale of the scores is expected in the queries.
   *
   * @param shape sizes and layout
   * @param query address of float32 {@code [queries, heads · headSize]}
   * @param key address of float32 {@code [keys, heads · headSize]}
   * @param value address of float32 {@code [keys, heads · headSize]}
   * @param out address that receives float32 {@code [queries, heads · headSize]}; overlaps no input
   * @param threads most threads
   * @param instructions implementation
   * @throws IllegalStateException if the CPU lacks the instructions
   */
  public static void compute(
      Shape shape,
      long query,
      long key,
      long value,
      long out,
      int threads,
      FloatInstructions instructions) {
    NativeLibrary.KILN.load();
    instructions.requireFor("attention");
    if (!compute(
        query,
        key,
        value,
        out,
        shape.queryStride(),
        shape.keyStride(),
        shape.outStride(),
        shape.queries(),
        shape.keys(),
        shape.heads(),
        shape.headSize(),
        threads,
        instructions.code())) {
      throw new OutOfMemoryError("attention: no memory for the keys and values of a head");
    }
  }

  private static native boolean compute(
      long query,
      long key,
      long value,
      long out,
      long queryStride,
      long keyStride,
      long outStride,
      int queries,
      int keys,
      int heads,
      int headSize,
      int threads,
      int instructions);
}
