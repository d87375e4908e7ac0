package dev.kiln.sample;

import org.locationtech.proj4j.CRSFactory;
import org.locationtech.proj4j.ProjCoordinate;
import org.locationtech.proj4j.proj.Projection;

/**
 * A zone of the Universal Transverse Mercator grid, on WGS84 or on NAD83, which is the same here.
 */
final class Utm {
  private static final int NAD83_NORTH = 26900;
  private static final int WGS84_NORTH = 32600;
  private static final int WGS84_SOUTH = 32700;

  private final int zone;
  private final boolean north;
  private final Projection projection;

  /**
   * @param zone 1 to 60
   * @param north whether northings count from the equator
   */
  Utm(int zone, boolean north) {
    this.zone = zone;
    this.north = north;
    String parameters = "+proj=utm +zone=" + zone + (north ? "" : " +south") + " +ellps=GRS80";
    this.projection = new CRSFactory().createFromParameters("utm", parameters).getProjection();
  }

  /** The zone that a longitude lies in. */
  static int zoneOf(double longitude) {
    return (int) Math.floor((longitude + 180) / 6) + 1;
  }

  /** EPSG code of the zone on WGS84. */
  int epsgWgs84() {
    return (north ? WGS84_NORTH : WGS84_SOUTH) + zone;
  }

  /** EPSG code of the zone on NAD83, which has northern ones only. */
  int epsgNad83() {
    return NAD83_NORTH + zone;
  }

  /** Degrees (longitude, latitude) to metres (easting, northing). */
  double[] toMetres(double longitude, double latitude) {
    ProjCoordinate metres =
        projection.project(new ProjCoordinate(longitude, latitude), new ProjCoordinate());
    return new double[] {metres.x, metres.y};
  }

  /** Metres (easting, northing) to degrees (longitude, latitude). */
  double[] toDegrees(double easting, double northing) {
    ProjCoordinate degrees =
        projection.inverseProject(new ProjCoordinate(easting, northing), new ProjCoordinate());
    return new double[] {degrees.x, degrees.y};
  }
}
