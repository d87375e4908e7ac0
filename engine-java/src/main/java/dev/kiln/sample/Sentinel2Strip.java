package dev.kiln.sample;

import dev.kiln.memory.HostBuffer;

/**
 * Rows of a Sentinel-2 scene, one plane per file. Owns its memory.
 *
 * @param pixels memory of all planes
 * @param width width in pixels of 10 m
 * @param rows capacity in rows of 10 m pixels
 */
record Sentinel2Strip(HostBuffer pixels, int width, int rows) implements AutoCloseable {

  static Sentinel2Strip allocate(int width, int rows) {
    Sentinel2Band last = Sentinel2Band.SCL;
    long size = offset(last, width, rows) + planeBytes(last, width, rows);
    return new Sentinel2Strip(HostBuffer.allocate("painted strip", size), width, rows);
  }

  /** Returns the first byte of a band. */
  long offset(Sentinel2Band band) {
    return offset(band, width, rows);
  }

  /** Returns the first byte of a row in a band's own resolution. */
  long offset(Sentinel2Band band, int row) {
    return offset(band) + (long) row * lineBytes(band, width);
  }

  /** Returns the size of a row in a band's own resolution in bytes. */
  int lineBytes(Sentinel2Band band) {
    return lineBytes(band, width);
  }

  private static long offset(Sentinel2Band band, int width, int rows) {
    long offset = 0;
    for (Sentinel2Band before : Sentinel2Band.values()) {
      if (before.ordinal() < band.ordinal()) {
        offset += planeBytes(before, width, rows);
      }
    }
    return offset;
  }

  private static long planeBytes(Sentinel2Band band, int width, int rows) {
    return (long) lineBytes(band, width) * (rows / band.repeat());
  }

  private static int lineBytes(Sentinel2Band band, int width) {
    return width / band.repeat() * band.type().bytes();
  }

  /** Frees the memory. Idempotent. */
  @Override
  public void close() {
    pixels.close();
  }
}
