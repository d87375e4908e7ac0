package dev.kiln.sample;

/**
 * Rectangle of pixels.
 *
 * @param west easting of the left edge in metres
 * @param north northing of the upper edge in metres
 * @param pixel pixel size in metres
 * @param width width in pixels
 * @param height height in pixels
 */
record Window(double west, double north, double pixel, int width, int height) {
  private static final double FINE = 2;

  /** Returns whether pixels are small enough to distinguish trees. */
  boolean isFine() {
    return pixel < FINE;
  }

  /** Returns the easting of a column's centre. */
  double easting(int column) {
    return west + (column + 0.5) * pixel;
  }

  /** Returns the northing of a row's centre. */
  double northing(int row) {
    return north - (row + 0.5) * pixel;
  }

  /** Returns a window of some rows. */
  Window rows(int first, int count) {
    return new Window(west, north - first * pixel, pixel, width, count);
  }
}
