package dev.kiln.type;

/** Type of one stored pixel, in host byte order. */
public enum PixelType {
  /** Unsigned 8-bit integer. */
  UINT8(0, 1),
  /** Unsigned 16-bit integer. */
  UINT16(1, 2),
  /** Signed 16-bit integer. */
  INT16(2, 2),
  /** IEEE 754 binary32. */
  FLOAT32(3, 4);

  private final int code;
  private final int bytes;

  PixelType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** {@return the code of this type in native and device code, as {@code kiln.h} defines it} */
  public int code() {
    return code;
  }

  /** {@return the size of one pixel in bytes} */
  public int bytes() {
    return bytes;
  }
}
