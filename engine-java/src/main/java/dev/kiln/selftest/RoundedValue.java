package dev.kiln.selftest;

import dev.kiln.type.DataType;
import java.nio.ByteBuffer;

/** Compares 16-bit values with the float32 values from which they were rounded. */
final class RoundedValue {
  private static final float LARGEST_HALF = 65504;

  private RoundedValue() {}

  /**
   * Returns the distance of a stored value from the expected one, in units in the last place of its
   * type.
   *
   * @param index of the value
   * @param expected in float32; clamped to the range of {@link DataType#FP16}
   */
  static double distance(DataType format, ByteBuffer stored, int index, float expected) {
    double found;
    double exact = expected;
    double unit;
    switch (format) {
      case FP32 -> {
        found = stored.getFloat(index * Float.BYTES);
        unit = Math.ulp(expected);
      }
      case BF16 -> {
        found = Float.intBitsToFloat(stored.getShort(index * 2) << 16);
        unit = Math.scalb(1.0, Math.max(Math.getExponent(expected), Float.MIN_EXPONENT) - 7);
      }
      case FP16 -> {
        found = half(stored.getShort(index * 2));
        exact = Math.max(-LARGEST_HALF, Math.min(LARGEST_HALF, expected));
        unit = Math.scalb(1.0, Math.max(Math.getExponent(exact), -14) - 10);
      }
      default -> throw new IllegalArgumentException(format.toString());
    }
    double distance = Math.abs(found - exact) / unit;
    return Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance;
  }

  /** Converts to IEEE 754 binary16; {@code Float.floatToFloat16} requires Java 20. */
  private static double half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int mantissa = bits & 0x3ff;
    double size;
    if (exponent == 0x1f) {
      size = mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else if (exponent == 0) {
      size = Math.scalb((double) mantissa, -24);
    } else {
      size = Math.scalb(1 + mantissa / 1024.0, exponent - 15);
    }
    return bits < 0 ? -size : size;
  }
}
