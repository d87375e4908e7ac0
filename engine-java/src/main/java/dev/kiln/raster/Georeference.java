package dev.kiln.raster;

import dev.kiln.error.SceneException;

/**
 * Position of an image on the ground: an unrotated grid of square pixels, described as if the image
 * were north-up.
 *
 * @param left easting of the left edge
 * @param upper northing of the upper edge
 * @param pixelWidth width of a pixel
 * @param pixelHeight height of a pixel
 * @param flippedX whether pixels are stored from east to west
 * @param flippedY whether pixels are stored from south to north
 */
record Georeference(
    double left,
    double upper,
    double pixelWidth,
    double pixelHeight,
    boolean flippedX,
    boolean flippedY) {

  /**
   * Interprets a geotransform.
   *
   * @param key object key, for messages
   * @param stored GDAL's six coefficients
   * @param width width of the image in pixels
   * @param height height of the image in pixels
   * @throws SceneException permanent unless pixels are axis-aligned squares. A skew of less than a
   *     hundredth of a pixel over the whole image is rounding noise.
   */
  static Georeference of(String key, double[] stored, int width, int height) throws SceneException {
    for (double coefficient : stored) {
      if (!Double.isFinite(coefficient)) {
        throw SceneException.permanent(key, "expected a finite geotransform, found " + coefficient);
      }
    }
    double pixelWidth = Math.abs(stored[1]);
    double pixelHeight = Math.abs(stored[5]);
    double skew = Math.max(Math.abs(stored[2]) * height, Math.abs(stored[4]) * width);
    if (skew > Math.min(pixelWidth, pixelHeight) / 100) {
      throw SceneException.permanent(
          key,
          "expected an unrotated grid, found a geotransform rotated by %.1f degrees: rectify the file with gdalwarp"
              .formatted(Math.toDegrees(Math.atan2(stored[4], stored[1]))));
    }
    if (Math.abs(pixelWidth - pixelHeight) > pixelWidth / 100) {
      throw SceneException.permanent(
          key,
          "expected square pixels, found %s × %s m: resample the file with gdalwarp -tr"
              .formatted(pixelWidth, pixelHeight));
    }
    boolean flippedX = stored[1] < 0;
    boolean flippedY = stored[5] > 0;
    return new Georeference(
        flippedX ? stored[0] + width * stored[1] : stored[0],
        flippedY ? stored[3] + height * stored[5] : stored[3],
        pixelWidth,
        pixelHeight,
        flippedX,
        flippedY);
  }

  /**
   * Returns the area that the image covers.
   *
   * @param crs reference system of the coordinates
   */
  GeoExtent extent(String crs, int width, int height) {
    return new GeoExtent(
        crs, easting(0), northing(0), easting(width), northing(height), pixelWidth);
  }

  /** Returns the easting, {@code x} pixels from the left edge. */
  double easting(double x) {
    return left + x * pixelWidth;
  }

  /** Returns the northing, {@code y} pixels from the upper edge. */
  double northing(double y) {
    return upper - y * pixelHeight;
  }
}
