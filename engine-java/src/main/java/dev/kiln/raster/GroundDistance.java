package dev.kiln.raster;

/** Distances on the WGS84 ellipsoid over a few pixels, where it is nearly flat. */
final class GroundDistance {
  private static final double EQUATORIAL_RADIUS = 6_378_137;
  private static final double ECCENTRICITY_SQUARED = 0.006_694_379_990_14;

  private GroundDistance() {}

  /**
   * Returns the side of the square that has the area of a small quadrangle, in metres. Areas of
   * parallelograms come from the cross product of two sides; the radii of curvature are those of
   * the meridian and of the prime vertical.
   *
   * @param lon longitudes of the corners in degrees, in order around it
   * @param lat latitudes of the corners in degrees
   */
  static double side(double[] lon, double[] lat) {
    double latitude = Math.toRadians((lat[0] + lat[2]) / 2);
    double w = 1 - ECCENTRICITY_SQUARED * Math.pow(Math.sin(latitude), 2);
    double north = EQUATORIAL_RADIUS * (1 - ECCENTRICITY_SQUARED) / Math.pow(w, 1.5);
    double east = EQUATORIAL_RADIUS / Math.sqrt(w) * Math.cos(latitude);
    double x1 = Math.toRadians(turn(lon[1] - lon[0])) * east;
    double y1 = Math.toRadians(lat[1] - lat[0]) * north;
    double x2 = Math.toRadians(turn(lon[2] - lon[1])) * east;
    double y2 = Math.toRadians(lat[2] - lat[1]) * north;
    return Math.sqrt(Math.abs(x1 * y2 - x2 * y1));
  }

  /** Returns the shorter way around the globe. */
  private static double turn(double degrees) {
    return degrees - 360 * Math.rint(degrees / 360);
  }
}
