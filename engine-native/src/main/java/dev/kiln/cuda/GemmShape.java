package dev.kiln.cuda;

/**
 * A product of row-major bfloat16 matrices, {@code out = a · w}, accumulated in float32.
 *
 * @param rows rows of a and out
 * @param columns columns of w {@code [inner, columns]} and of out
 * @param inner columns of a
 * @param aStride elements from one row of a to the next
 * @param outStride elements from one row of out to the next
 * @param output how the product is stored
 */
public record GemmShape(
    int rows, int columns, int inner, long aStride, long outStride, Output output) {

  /** The way a product is stored. */
  public enum Output {
    /** {@code out = a · w}, rounded to bfloat16. */
    STORE,
    /** {@code out += a · w}, out in float32. */
    ADD,
    /** {@code out += a · w + bias}, out and bias in float32. */
    ADD_WITH_BIAS
  }

  /** Returns the number of multiplications and additions. */
  public double flops() {
    return 2.0 * rows * columns * inner;
  }
}
