package dev.kiln.sample;

/**
 * A rectangle of pixels on the ground.
 *
 * @param west easting of its left edge, metres
 * @param north northing of its upper edge, metres
 * @param pixel side of a pixel, metres
 * @param width pixels
 * @param height pixels
 */
record Window(double west, double north, double pixel, int width, int height) {
  private static final double FINE = 2;

  /** Whether pixels are small enough to tell one tree from the next. */
  boolean isFine() {
    return pixel < FINE;
  }

  /** Easting of the middle of a column. */
  double easting(int column) {
    return west + (column + 0.5) * pixel;
  }

  /** Northing of the middle of a row. */
  double northing(int row) {
    return north - (row + 0.5) * pixel;
  }

  /** Some of its rows. */
  Window rows(int first, int count) {
    return new Window(west, north - first * pixel, pixel, width, count);
  }
}
