package dev.kiln.memory;

import java.nio.ByteBuffer;

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

  /**
   * Reads a line of the grid: stored pixels, each repeated for the grid pixels that it covers.
   *
   * @param pixels the whole buffer that the plane lies in, in host byte order
   * @param column first grid column
   * @param row grid row, counted from the plane's first
   * @param line receives one value a grid column
   */
  public void readLine(ByteBuffer pixels, int column, int row, float[] line) {
    int start = Math.toIntExact(byteOf(0, row / repeat));
    switch (type) {
      case UINT8 -> {
        for (int x = 0; x < line.length; x++) {
          line[x] = pixels.get(start + (column + x) / repeat * pixelStride) & 0xFF;
        }
      }
      case UINT16 -> {
        for (int x = 0; x < line.length; x++) {
          line[x] = pixels.getShort(start + (column + x) / repeat * pixelStride) & 0xFFFF;
        }
      }
      case INT16 -> {
        for (int x = 0; x < line.length; x++) {
          line[x] = pixels.getShort(start + (column + x) / repeat * pixelStride);
        }
      }
      case FLOAT32 -> {
        for (int x = 0; x < line.length; x++) {
          line[x] = pixels.getFloat(start + (column + x) / repeat * pixelStride);
        }
      }
    }
  }
}
