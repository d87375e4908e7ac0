package dev.kiln.matmul;

import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.nativelib.NativeLibrary;

/**
 * Matrix products on the CPU in float32, in Kiln's own native code: {@code out = epilogue(in · W +
 * bias)}. The weights are packed once, in the order in which the products read them.
 *
 * <p>Each output is computed by one thread in a fixed order, so the result has the same bytes for
 * any number of threads, and those of a row do not depend on the other rows. The threads are those
 * of the OpenMP library that oneDNN loaded.
 *
 * <p>Owns no memory but a scratch of 350 KB per thread.
 */
public final class PackedMatmul {
  /** What is stored. */
  public enum Epilogue {
    /** The product. */
    STORE(0),
    /** GELU of the product, in the erf form. */
    GELU(1),
    /** The sum of the product and the previous contents of the output. */
    ACCUMULATE(2);

    private final int code;

    Epilogue(int code) {
      this.code = code;
    }

    /** Returns the number of native code, which is the same for all kinds of products. */
    public int code() {
      return code;
    }
  }

  /**
   * Sizes and layout of one call.
   *
   * @param rows rows of input and output
   * @param inner values of an input row
   * @param columns values of an output row
   * @param inStride elements from one input row to the next
   * @param outStride elements from one output row to the next
   */
  public record Shape(int rows, int inner, int columns, long inStride, long outStride) {
    /** Checks that there is something to compute and that rows do not overlap. */
    public Shape {
      if (rows < 1 || inner < 1 || columns < 1) {
        throw new IllegalArgumentException(
            "matrix product: expected sizes of at least 1, found [%d, %d] · [%d, %d]"
                .formatted(rows, inner, inner, columns));
      }
      if (inStride < inner || outStride < columns) {
        throw new IllegalArgumentException(
            "matrix product: expected strides of at least %d and %d, found %d and %d"
                .formatted(inner, columns, inStride, outStride));
      }
    }
  }

  private PackedMatmul() {}

  /** Returns the size in bytes of weights that are packed for an implementation. */
  public static long packedBytes(int inner, int columns, FloatInstructions instructions) {
    NativeLibrary.KILN.load();
    return packedSize(inner, columns, instructions.code()) * Float.BYTES;
  }

  /**
   * Packs weights for an implementation.
   *
   * @param weights address of float32 {@code [inner, columns]}
   * @param packed address that receives {@link #packedBytes}, aligned to 64 bytes
   */
  public static void packWeights(
      long weights, int inner, int columns, long packed, FloatInstructions instructions) {
    NativeLibrary.KILN.load();
    pack(weights, inner, columns, packed, instructions.code());
  }

  /**
   * Computes a product.
   *
   * @param shape sizes and layout
   * @param in address of float32 {@code [rows, inner]}
   * @param weights address of weights packed for the same implementation
   * @param bias address of float32 {@code [columns]}, or 0
   * @param out address of float32 {@code [rows, columns]}; overlaps no input
   * @param epilogue what is stored
   * @param threads most threads
   * @param instructions implementation
   * @throws IllegalStateException if the CPU lacks the instructions
   */
  public static void multiply(
      Shape shape,
      long in,
      long weights,
      long bias,
      long out,
      Epilogue epilogue,
      int threads,
      FloatInstructions instructions) {
    NativeLibrary.KILN.load();
    instructions.requireFor("matrix product");
    if (!multiply(
        in,
        weights,
        bias,
        out,
        shape.inStride(),
        shape.outStride(),
        shape.rows(),
        shape.inner(),
        shape.columns(),
        epilogue.code,
        threads,
        instructions.code())) {
      throw new OutOfMemoryError("matrix product: no memory for the packed rows of a thread");
    }
  }

  private static native long packedSize(int inner, int columns, int instructions);

  private static native void pack(
      long weights, int inner, int columns, long packed, int instructions);

  private static native boolean multiply(
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
      int threads,
      int instructions);
}
