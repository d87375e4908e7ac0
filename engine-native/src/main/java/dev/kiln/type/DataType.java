package dev.kiln.type;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Floating-point type of weights, patch rows and encoder arithmetic. */
public enum DataType {
  /** IEEE 754 binary32. */
  FP32(4),
  /** IEEE 754 binary16. */
  FP16(2),
  /** bfloat16: the upper half of a binary32. */
  BF16(2);

  private final int bytes;

  DataType(int bytes) {
    this.bytes = bytes;
  }

  /** {@return the size of one value in bytes} */
  public int bytes() {
    return bytes;
  }

  /** {@return the name in options, files, reports and kernels, such as "bf16"} */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the type with a label.
   *
   * @param label as {@link #label} returns it, in any case
   * @return empty if no type has this label
   */
  public static Optional<DataType> ofLabel(String label) {
    return Arrays.stream(values()).filter(type -> type.label().equalsIgnoreCase(label)).findFirst();
  }

  /**
   * Reads one little-endian value.
   *
   * @param data at least {@link #bytes} bytes from {@code at}
   * @param at byte offset of the value
   * @return the value; every value of every type is exact in float32
   */
  public float decode(byte[] data, int at) {
    if (this == FP32) {
      return Float.intBitsToFloat(
          (data[at] & 0xff)
              | (data[at + 1] & 0xff) << 8
              | (data[at + 2] & 0xff) << 16
              | data[at + 3] << 24);
    }
    return toFloat((data[at] & 0xff) | (data[at + 1] & 0xff) << 8);
  }

  /**
   * Writes one value in little-endian order, rounded as by {@link #toBits}.
   *
   * @param value float32
   * @param data receives {@link #bytes} bytes from {@code at}
   * @param at byte offset of the value
   */
  public void encode(float value, byte[] data, int at) {
    int bits = toBits(value);
    for (int i = 0; i < bytes; i++) {
      data[at + i] = (byte) (bits >> 8 * i);
    }
  }

  /**
   * Returns the bits of the nearest value of this type, ties to even. Magnitudes beyond the range
   * become infinite; NaN stays NaN.
   *
   * @param value float32
   * @return the bits in the low {@link #bytes} bytes, the others zero
   */
  public int toBits(float value) {
    return switch (this) {
      case FP32 -> Float.floatToRawIntBits(value);
      case FP16 -> floatToHalf(value);
      case BF16 -> floatToBfloat16(value);
    };
  }

  /**
   * {@return the value that bits represent}
   *
   * @param bits in the low {@link #bytes} bytes; the others are ignored
   */
  public float toFloat(int bits) {
    return switch (this) {
      case FP32 -> Float.intBitsToFloat(bits);
      case FP16 -> halfToFloat(bits & 0xffff);
      case BF16 -> Float.intBitsToFloat(bits << 16);
    };
  }

  // Java converts binary16 itself only from version 20 on.
  private static float halfToFloat(int bits) {
    int exponent = bits >> 10 & 0x1f;
    int mantissa = bits & 0x3ff;
    float magnitude;
    if (exponent == 0) {
      magnitude = mantissa * 0x1p-24f;
    } else if (exponent == 0x1f) {
      magnitude = mantissa == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      magnitude = Float.intBitsToFloat(exponent + 112 << 23 | mantissa << 13);
    }
    return (bits & 0x8000) == 0 ? magnitude : -magnitude;
  }

  private static int floatToHalf(float value) {
    int sign = Float.floatToRawIntBits(value) >>> 16 & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return sign | 0x7e00;
    }
    if (magnitude >= 65520f) {
      return sign | 0x7c00;
    }
    if (magnitude < 0x1p-14f) {
      return sign | (int) Math.rint(magnitude * 0x1p24);
    }
    int bits = Float.floatToRawIntBits(magnitude) - (112 << 23);
    return sign | bits + 0xfff + (bits >> 13 & 1) >> 13;
  }

  private static int floatToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return bits >>> 16 | 0x40;
    }
    return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
  }
}
