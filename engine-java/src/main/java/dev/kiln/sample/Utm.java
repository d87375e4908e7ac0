package dev.kiln.sample;

import org.locationtech.proj4j.CRSFactory;
import org.locationtech.proj4j.ProjCoordinate;
import org.locationtech.proj4j.proj.Projection;

/** Zone of the Universal Transverse Mercator grid on WGS84 or NAD83, which are equivalent here. */
final class Utm {
  private static final int NAD83_NORTH = 26900;
  private static final int WGS84_NORTH = 32600;
  private static final int WGS84_SOUTH = 32700;

  private final int zone;
  private final boolean north;
  private final Projection projection;

  /**
   * Creates a zone.
   *
   * @param zone number, 1 to 60
   * @param north whether the zone is on the northern hemisphere
   */
  Utm(int zone, boolean north) {
    this.zone = zone;
    this.north = north;
    String parameters = "+proj=utm +zone=" + zone + (north ? "" : " +south") + " +ellps=GRS80";
    this.projection = new CRSFactory().createFromParameters("utm", parameters).getProjection();
  }

  /** Returns the zone of a longitude. */
  static int zoneOf(double longitude) {
    return (int) Math.floor((longitude + 180) / 6) + 1;
  }

  /** Returns the EPSG code of the zone on WGS84. */
  int epsgWgs84() {
    return (north ? WGS84_NORTH : WGS84_SOUTH) + zone;
  }

  /** Returns the EPSG code of the zone on NAD83; northern zones only. */
  int epsgNad83() {
    return NAD83_NORTH + zone;
  }

  /** Converts degrees (longitude, latitude) to metres (easting, northing). */
  double[] toMetres(double longitude, double latitude) {
    ProjCoordinate metres =
        projection.project(new ProjCoordinate(longitude, latitude), new ProjCoordinate());
    return new double[] {metres.x, metres.y};
  }

  /** Converts metres (easting, northing) to degrees (longitude, latitude). */
  double[] toDegrees(double easting, double northing) {
    ProjCoordinate degrees =
        projection.inverseProject(new ProjCoordinate(easting, northing), new ProjCoordinate());
    return new double[] {degrees.x, degrees.y};
  }
}
