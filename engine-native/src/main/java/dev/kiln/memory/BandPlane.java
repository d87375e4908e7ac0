package dev.kiln.memory;

/**
 * Where one band's raw pixels lie inside a buffer: planar or pixel-interleaved, at the band's own
 * resolution. Pixel (x, y) of the plane is {@code type} at byte {@code offset + y·lineStride +
 * x·pixelStride}.
 *
 * @param type stored pixel type
 * @param offset byte of the first pixel within the buffer
 * @param width pixels a line
 * @param height lines
 * @param pixelStride bytes from one pixel to the next
 * @param lineStride bytes from one line to the next
 * @param repeat how many grid pixels one stored pixel covers in each direction: 1, or 2 for a 20 m
 *     band on a 10 m grid
 */
public record BandPlane(
    PixelType type,
    long offset,
    int width,
    int height,
    int pixelStride,
    long lineStride,
    int repeat) {

  /** Byte of pixel (x, y) of this plane within the buffer. */
  public long byteOf(int x, int y) {
    return offset + y * lineStride + (long) x * pixelStride;
  }
}
