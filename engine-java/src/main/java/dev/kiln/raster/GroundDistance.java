package dev.kiln.raster;

/**
 * Distances on the WGS84 ellipsoid over a few pixels, where it is nearly flat: those of straight
 * lines between points, which are right at the poles, too.
 */
final class GroundDistance {
  private static final double EQUATORIAL_RADIUS = 6_378_137;
  private static final double ECCENTRICITY_SQUARED = 0.006_694_379_990_14;

  private GroundDistance() {}

  /**
   * Returns the side of the square that has the area of a small quadrangle, in metres.
   *
   * @param lon longitudes of the corners in degrees, in order around it
   * @param lat latitudes of the corners in degrees
   */
  static double side(double[] lon, double[] lat) {
    return Math.sqrt(area(lon, lat));
  }

  /**
   * Returns the width of a small quadrangle, divided by its height: 1 for squares, also sheared
   * ones as those of sinusoidal projections.
   *
   * @param lon longitudes of the corners in degrees, in order around it from the upper right
   * @param lat latitudes of the corners in degrees
   */
  static double aspect(double[] lon, double[] lat) {
    double width = length(side(lon, lat, 0, 1, 3, 2));
    return width * width / area(lon, lat);
  }

  /** Returns the area of a parallelogram: the length of the cross product of two sides. */
  private static double area(double[] lon, double[] lat) {
    double[] a = side(lon, lat, 0, 1, 3, 2);
    double[] b = side(lon, lat, 1, 2, 0, 3);
    return length(
        new double[] {
          a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
        });
  }

  /** Returns the mean of two opposite sides: the first order of a curved one cancels out. */
  private static double[] side(
      double[] lon, double[] lat, int from, int to, int otherFrom, int otherTo) {
    double[] a = between(lon, lat, from, to);
    double[] b = between(lon, lat, otherFrom, otherTo);
    return new double[] {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2};
  }

  private static double[] between(double[] lon, double[] lat, int from, int to) {
    double[] start = point(lon[from], lat[from]);
    double[] end = point(lon[to], lat[to]);
    return new double[] {end[0] - start[0], end[1] - start[1], end[2] - start[2]};
  }

  /** Returns geocentric coordinates in metres. */
  private static double[] point(double lon, double lat) {
    double x = Math.toRadians(lon);
    double y = Math.toRadians(lat);
    double radius =
        EQUATORIAL_RADIUS / Math.sqrt(1 - ECCENTRICITY_SQUARED * Math.pow(Math.sin(y), 2));
    return new double[] {
      radius * Math.cos(y) * Math.cos(x),
      radius * Math.cos(y) * Math.sin(x),
      radius * (1 - ECCENTRICITY_SQUARED) * Math.sin(y)
    };
  }

  private static double length(double[] vector) {
    return Math.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]);
  }
}
