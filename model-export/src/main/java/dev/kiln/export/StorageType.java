package dev.kiln.export;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.Arrays;
import java.util.Optional;

/** The number formats of weights: those that a checkpoint may have and that a graph computes in. */
public enum StorageType {
  FLOAT32(4, DataType.FLOAT_VALUE, "FloatStorage", "F32"),
  FLOAT16(2, DataType.FLOAT16_VALUE, "HalfStorage", "F16"),
  BFLOAT16(2, DataType.BFLOAT16_VALUE, "BFloat16Storage", "BF16");

  private final int bytes;
  private final int onnx;
  private final String torchName;
  private final String safetensorsName;

  StorageType(int bytes, int onnx, String torchName, String safetensorsName) {
    this.bytes = bytes;
    this.onnx = onnx;
    this.torchName = torchName;
    this.safetensorsName = safetensorsName;
  }

  /** Size of one number in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Number of this format in ONNX. */
  int onnx() {
    return onnx;
  }

  /** The storage class in {@code torch} that holds this format. */
  String torchName() {
    return torchName;
  }

  /** The type that a checkpoint calls so; empty if it is none of these. */
  static Optional<StorageType> named(String name) {
    return Arrays.stream(values())
        .filter(type -> type.torchName.equals(name) || type.safetensorsName.equals(name))
        .findFirst();
  }

  /** The number at a byte of little-endian data. */
  float decode(byte[] data, int at) {
    if (this == FLOAT32) {
      return Float.intBitsToFloat(
          (data[at] & 0xff)
              | (data[at + 1] & 0xff) << 8
              | (data[at + 2] & 0xff) << 16
              | data[at + 3] << 24);
    }
    int bits = (data[at] & 0xff) | (data[at + 1] & 0xff) << 8;
    return this == BFLOAT16 ? Float.intBitsToFloat(bits << 16) : halfToFloat(bits);
  }

  /** Writes a number, rounded to the nearest of this type, as little-endian data. */
  void encode(float value, byte[] data, int at) {
    int bits =
        switch (this) {
          case FLOAT32 -> Float.floatToRawIntBits(value);
          case FLOAT16 -> floatToHalf(value);
          case BFLOAT16 -> floatToBfloat16(value);
        };
    for (int i = 0; i < bytes; i++) {
      data[at + i] = (byte) (bits >> 8 * i);
    }
  }

  /** IEEE 754 binary16 to binary32; Java has its own only from version 20 on. */
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
