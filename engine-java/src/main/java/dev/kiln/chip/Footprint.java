package dev.kiln.chip;

import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.io.ByteOrderValues;
import org.locationtech.jts.io.WKBWriter;

/**
 * A chip's rectangle on the ground: its four corners in WGS84 degrees (lon, lat), counter-clockwise
 * as GeoJSON wants it (upper right, upper left, lower left, lower right).
 *
 * @param lon four longitudes in degrees
 * @param lat four latitudes in degrees
 */
public record Footprint(double[] lon, double[] lat) {
  private static final GeometryFactory WGS84 = new GeometryFactory();

  public Footprint {
    if (lon.length != 4 || lat.length != 4) {
      throw new IllegalArgumentException(
          "a footprint has 4 corners, found " + lon.length + " and " + lat.length);
    }
  }

  /** The closed ring as a polygon. */
  public Polygon polygon() {
    Coordinate[] ring = new Coordinate[5];
    for (int i = 0; i < 5; i++) {
      ring[i] = new Coordinate(lon[i % 4], lat[i % 4]);
    }
    return WGS84.createPolygon(ring);
  }

  /** Centroid of the polygon in degrees (x is longitude, y is latitude). */
  public Point centroid() {
    return polygon().getCentroid();
  }

  /** The polygon as little-endian WKB. */
  public byte[] wkb() {
    return new WKBWriter(2, ByteOrderValues.LITTLE_ENDIAN).write(polygon());
  }
}
