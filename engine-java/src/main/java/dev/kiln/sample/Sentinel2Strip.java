package dev.kiln.sample;

import dev.kiln.memory.HostBuffer;

/**
 * Rows of a Sentinel-2 scene, one plane a file. Owns its memory.
 *
 * @param width pixels of 10 m
 * @param rows the most pixels of 10 m that it holds from top to bottom
 */
record Sentinel2Strip(HostBuffer pixels, int width, int rows) implements AutoCloseable {

  static Sentinel2Strip allocate(int width, int rows) {
    Sentinel2Band last = Sentinel2Band.SCL;
    long size = offset(last, width, rows) + planeBytes(last, width, rows);
    return new Sentinel2Strip(HostBuffer.allocate("painted strip", size), width, rows);
  }

  /** First byte of a band. */
  long offset(Sentinel2Band band) {
    return offset(band, width, rows);
  }

  /** First byte of a row of a band's own pixels. */
  long offset(Sentinel2Band band, int row) {
    return offset(band) + (long) row * lineBytes(band, width);
  }

  /** Bytes of a row of a band's own pixels. */
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

  /** Frees the memory; a second call does nothing. */
  @Override
  public void close() {
    pixels.close();
  }
}
