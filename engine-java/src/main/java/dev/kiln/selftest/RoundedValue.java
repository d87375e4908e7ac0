package dev.kiln.selftest;

import dev.kiln.type.DataType;
import java.nio.ByteBuffer;

/** Numbers of 16 bits beside the float32 that they were rounded from. */
final class RoundedValue {
  private static final float LARGEST_HALF = 65504;

  private RoundedValue() {}

  /**
   * Distance of a stored number from what it should be, in units in the last place of its format.
   *
   * @param index counted in numbers
   * @param expected in float32; beyond the range of {@link DataType#FP16} its largest number counts
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

  /** IEEE 754 binary16; Java has its own only from version 20 on. */
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
