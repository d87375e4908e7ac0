package dev.kiln.bf16;

import dev.kiln.attention.FusedAttention;
import dev.kiln.matmul.PackedMatmul;
import dev.kiln.nativelib.NativeLibrary;

/**
 * Attention, matrix products and LayerNorm on the CPU in bfloat16, in Kiln's own native code. Sums
 * are float32.
 *
 * <p>Each output is computed by one thread in a fixed order, so the result has the same bytes for
 * any number of threads. The threads are those of the OpenMP library that oneDNN loaded.
 *
 * <p>Owns no memory but a scratch per thread: about {@code 4 · keys · headSize} bytes for
 * attention, and half of the second-level cache for products.
 */
public final class Bf16Kernels {
  private static final int BLOCK = 32;

  private Bf16Kernels() {}

  /** Holds the answer of the kernel, which is asked once. */
  private static final class Asked {
    static final Bf16Instructions.Support SUPPORT =
        Bf16Instructions.Support.of(cpuInstructions(), Bf16Kernels::requestAmx);

    private Asked() {}
  }

  /**
   * Returns what this process can use. The first call asks the kernel for permission to use AMX, if
   * the CPU has it.
   */
  public static Bf16Instructions.Support support() {
    NativeLibrary.KILN.load();
    return Asked.SUPPORT;
  }

  private static void require(Bf16Instructions instructions) {
    if (!support().includes(instructions)) {
      throw new IllegalStateException(
          "bfloat16: expected instructions of this CPU, found " + instructions);
    }
  }

  private static void requireMemory(boolean done) {
    if (!done) {
      throw new OutOfMemoryError("bfloat16: no memory for the scratch of a thread");
    }
  }

  /**
   * Computes {@code softmax(Q·Kᵀ)·V} per head in one pass. Scores stay in the cache: keys are
   * processed in blocks with a running maximum and sum. The scale of the scores is expected in the
   * queries.
   *
   * @param shape sizes and layout
   * @param query address of bfloat16 {@code [queries, heads · headSize]}
   * @param key address of bfloat16 {@code [keys, heads · headSize]}
   * @param value address of bfloat16 {@code [keys, heads · headSize]}
   * @param out address that receives bfloat16 {@code [queries, heads · headSize]}; overlaps no
   *     input
   * @param threads most threads
   * @param instructions implementation
   * @throws IllegalStateException if the process cannot use the instructions
   */
  public static void attention(
      FusedAttention.Shape shape,
      long query,
      long key,
      long value,
      long out,
      int threads,
      Bf16Instructions instructions) {
    require(instructions);
    requireMemory(
        attention(
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
            instructions.code));
  }

  /** Returns the size of packed weights in bytes. */
  public static long packedBytes(int inner, int columns) {
    return roundUp(inner) * roundUp(columns) * Short.BYTES;
  }

  private static long roundUp(int n) {
    return (n + BLOCK - 1L) / BLOCK * BLOCK;
  }

  /**
   * Rounds weights to bfloat16 and packs them in the order in which the products read them.
   *
   * @param weights address of float32 {@code [inner, columns]}
   * @param packed address that receives {@link #packedBytes}, aligned to 64 bytes
   */
  public static void pack(long weights, int inner, int columns, long packed) {
    NativeLibrary.KILN.load();
    packWeights(weights, inner, columns, packed);
  }

  /**
   * Computes {@code out = epilogue(in · W + bias)}.
   *
   * @param shape sizes and layout
   * @param in address of bfloat16 {@code [rows, inner]}
   * @param weights address of packed weights
   * @param bias address of float32 {@code [columns]}, or 0
   * @param out address of {@code [rows, columns]}; overlaps no input
   * @param floatOut whether the output is float32, not bfloat16
   * @param epilogue what is stored
   * @param threads most threads
   * @param instructions implementation
   * @throws IllegalStateException if the process cannot use the instructions
   */
  public static void multiply(
      PackedMatmul.Shape shape,
      long in,
      long weights,
      long bias,
      long out,
      boolean floatOut,
      PackedMatmul.Epilogue epilogue,
      int threads,
      Bf16Instructions instructions) {
    require(instructions);
    requireMemory(
        matmul(
            in,
            weights,
            bias,
            out,
            shape.inStride(),
            shape.outStride(),
            shape.rows(),
            shape.inner(),
            shape.columns(),
            epilogue.code(),
            floatOut,
            threads,
            instructions.code));
  }

  /**
   * Computes LayerNorm over rows.
   *
   * @param in address of float32 {@code [rows, size]}
   * @param scale address of float32 {@code [size]}
   * @param shift address of float32 {@code [size]}
   * @param out address that receives {@code [rows, size]}
   * @param floatOut whether the output is float32, not bfloat16
   * @param epsilon added to the variance
   * @param threads most threads
   * @param instructions implementation
   * @throws IllegalStateException if the process cannot use the instructions
   */
  public static void layerNorm(
      long in,
      long scale,
      long shift,
      long out,
      boolean floatOut,
      int rows,
      int size,
      float epsilon,
      int threads,
      Bf16Instructions instructions) {
    require(instructions);
    norm(in, scale, shift, out, rows, size, epsilon, floatOut, threads, instructions.code);
  }

  private static native int cpuInstructions();

  private static native int requestAmx();

  private static native boolean attention(
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

  private static native void packWeights(long weights, int inner, int columns, long packed);

  private static native boolean matmul(
      long in,
      long weights,
      long bias,
      long out,
      long inStride,
      long outStride,
      int rows,
      int inner,
      int columns,
      int epilogue,
      boolean floatOut,
      int threads,
      int instructions);

  private static native void norm(
      long in,
      long scale,
      long shift,
      long out,
      int rows,
      int size,
      float epsilon,
      boolean floatOut,
      int threads,
      int instructions);
}
