package dev.kiln.picture;

/**
 * The projection of web maps (EPSG:3857), in fractions of the world: x from 0 at 180° west to 1 at
 * 180° east, y from 0 at about 85.05° north to 1 at 85.05° south.
 */
public final class Mercator {
  private Mercator() {}

  /** Returns the x of a longitude in degrees. */
  public static double x(double lon) {
    return lon / 360 + 0.5;
  }

  /** Returns the y of a latitude in degrees; those near the poles are moved to the map's edge. */
  public static double y(double lat) {
    double sine = Math.sin(Math.toRadians(lat));
    double y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
    // The logarithm is infinite at a pole.
    return Double.isNaN(y) ? 0.5 : Math.min(1, Math.max(0, y));
  }

  /** Returns the longitude in degrees of an x. */
  public static double lon(double x) {
    return (x - 0.5) * 360;
  }

  /** Returns the latitude in degrees of a y. */
  public static double lat(double y) {
    return Math.toDegrees(2 * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - Math.PI / 2);
  }
}
