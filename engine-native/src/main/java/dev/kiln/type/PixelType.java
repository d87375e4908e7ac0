package dev.kiln.type;

/** Type of one stored pixel. Values lie in host byte order. */
public enum PixelType {
  UINT8(1),
  UINT16(2),
  INT16(2),
  FLOAT32(4);

  private final int bytes;

  PixelType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one pixel in bytes. */
  public int bytes() {
    return bytes;
  }
}
