package dev.kiln.memory;

import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;

/**
 * Location of one band's raw pixels in a buffer: planar or pixel-interleaved, at the band's own
 * resolution. Pixel (x, y) of the plane is a {@code type} at byte {@code offset + y·lineStride +
 * x·pixelStride}.
 *
 * @param type stored pixel type
 * @param offset byte of the first pixel within the buffer
 * @param width pixels per line
 * @param height number of lines
 * @param pixelStride bytes from one pixel to the next
 * @param lineStride bytes from one line to the next
 * @param repeat grid pixels that one stored pixel covers in each direction: 1, or 2 for a 20 m band
 *     on a 10 m grid
 */
public record BandPlane(
    PixelType type,
    long offset,
    int width,
    int height,
    int pixelStride,
    long lineStride,
    int repeat) {

  /** Returns the byte offset of pixel (x, y) in the buffer. */
  public long byteOf(int x, int y) {
    return offset + y * lineStride + (long) x * pixelStride;
  }

  /**
   * Returns the value of a stored pixel.
   *
   * @param pixels the whole buffer that contains the plane, in host byte order
   * @param x column of the plane
   * @param y row of the plane
   */
  public float value(ByteBuffer pixels, int x, int y) {
    int at = Math.toIntExact(byteOf(x, y));
    return switch (type) {
      case UINT8 -> pixels.get(at) & 0xFF;
      case UINT16 -> pixels.getShort(at) & 0xFFFF;
      case INT16 -> pixels.getShort(at);
      case FLOAT32 -> pixels.getFloat(at);
    };
  }

  /**
   * Reads a line of the grid: stored pixels, each repeated for the grid pixels that it covers.
   *
   * @param pixels the whole buffer that contains the plane, in host byte order
   * @param column first grid column
   * @param row grid row, relative to the plane's first
   * @param line receives one value per grid column
   */
  public void readLine(ByteBuffer pixels, int column, int row, float[] line) {
    int first = column / repeat;
    int stored = (column + line.length - 1) / repeat - first + 1;
    readStored(pixels, Math.toIntExact(byteOf(first, row / repeat)), stored, line);
    if (repeat > 1) {
      spread(line, stored, column % repeat);
    }
  }

  /** Reads stored pixels into the front of a line. */
  private void readStored(ByteBuffer pixels, int start, int count, float[] line) {
    switch (type) {
      case UINT8 -> {
        for (int i = 0; i < count; i++) {
          line[i] = pixels.get(start + i * pixelStride) & 0xFF;
        }
      }
      case UINT16 -> {
        for (int i = 0; i < count; i++) {
          line[i] = pixels.getShort(start + i * pixelStride) & 0xFFFF;
        }
      }
      case INT16 -> {
        for (int i = 0; i < count; i++) {
          line[i] = pixels.getShort(start + i * pixelStride);
        }
      }
      case FLOAT32 -> {
        for (int i = 0; i < count; i++) {
          line[i] = pixels.getFloat(start + i * pixelStride);
        }
      }
    }
  }

  /**
   * Spreads the pixels at the front of a line over all of it. Works from the end, so that no pixel
   * is overwritten before it is moved.
   *
   * @param within columns of the first pixel that are left of the line
   */
  private void spread(float[] line, int stored, int within) {
    int x = line.length;
    for (int i = stored - 1; i >= 0; i--) {
      float pixel = line[i];
      for (int start = Math.max(0, i * repeat - within); x > start; ) {
        line[--x] = pixel;
      }
    }
  }
}
