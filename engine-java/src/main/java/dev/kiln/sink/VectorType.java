package dev.kiln.sink;

import java.util.Locale;

/** Types that vectors are stored in. */
public enum VectorType {
  /** As they were computed. */
  FLOAT32,

  /** Rounded to the nearest IEEE 754 binary16. */
  FLOAT16,

  /**
   * Integers from -127 to 127 and a scale per vector: {@code scale = max |v| / 127}, {@code q =
   * round(v / scale)}, {@code v ≈ q · scale}. Symmetric, so that a scaled dot product of two
   * vectors is one of integers.
   */
  INT8;

  /** Largest magnitude of an int8 value; -128 is not used, so that the range is symmetric. */
  public static final int INT8_MAX = 127;

  /** {@return the value of {@code --dtype}, which is also STAC's {@code data_type}} */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * {@return the scale of a vector}
   *
   * @param vectors row-major
   * @param at first value of the vector
   * @param dim length of the vector
   */
  public static float scale(float[] vectors, int at, int dim) {
    float largest = 0;
    for (int i = at; i < at + dim; i++) {
      largest = Math.max(largest, Math.abs(vectors[i]));
    }
    return largest / INT8_MAX;
  }

  /**
   * {@return the integer of a value; 0 for a vector of zeros, whose scale is 0}
   *
   * @param value to quantize
   * @param scale of the vector
   */
  public static int quantize(float value, float scale) {
    int rounded = scale == 0 ? 0 : (int) Math.rint(value / (double) scale);
    return Math.max(-INT8_MAX, Math.min(INT8_MAX, rounded));
  }
}
