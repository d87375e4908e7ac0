package dev.kiln.chip;

import java.util.ArrayList;
import java.util.List;
import org.locationtech.jts.algorithm.Orientation;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.geom.util.AffineTransformation;
import org.locationtech.jts.io.ByteOrderValues;
import org.locationtech.jts.io.WKBWriter;

/**
 * A chip's rectangle on the ground, as GeoJSON (RFC 7946) wants it: WGS84 degrees, longitude first,
 * counter-clockwise, longitudes from -180 to 180.
 *
 * <p>A chip that crosses the antimeridian is cut there, into a multipolygon of one part on either
 * side. To cut it, and for its centroid, its ring is laid out without the jump from 180 to -180, so
 * the centroid is the middle of the chip and not that of the wrong half of the globe. A chip that
 * holds a pole becomes the band of latitudes between its corners and that pole, all around.
 */
public final class Footprint {
  private static final GeometryFactory WGS84 = new GeometryFactory();

  private final Polygon laidOut;

  /**
   * @param lon longitudes of its four corners in degrees, in order around it
   * @param lat latitudes of its four corners in degrees
   */
  public Footprint(double[] lon, double[] lat) {
    if (lon.length != 4 || lat.length != 4) {
      throw new IllegalArgumentException(
          "a footprint has 4 corners, found " + lon.length + " and " + lat.length);
    }
    List<Coordinate> ring = new ArrayList<>();
    ring.add(new Coordinate(lon[0], lat[0]));
    for (int i = 1; i <= 4; i++) {
      ring.add(new Coordinate(near(lon[i % 4], ring.get(i - 1).x), lat[i % 4]));
    }
    if (Math.abs(ring.get(4).x - lon[0]) > 180) {
      double pole = lat[0] > 0 ? 90 : -90;
      ring.add(new Coordinate(ring.get(4).x, pole));
      ring.add(new Coordinate(lon[0], pole));
      ring.add(new Coordinate(lon[0], lat[0]));
    }
    Polygon polygon = WGS84.createPolygon(ring.toArray(Coordinate[]::new));
    // A scene that is stored from its lower edge up has its chips' corners the other way round.
    this.laidOut =
        centred(
            Orientation.isCCW(polygon.getExteriorRing().getCoordinateSequence())
                ? polygon
                : polygon.reverse());
  }

  /** Turned around the globe until its middle lies between -180 and 180. */
  private static Polygon centred(Polygon polygon) {
    double turns = Math.rint(polygon.getCentroid().getX() / 360);
    return turns == 0 ? polygon : (Polygon) turned(polygon, -turns * 360);
  }

  private static Geometry turned(Polygon polygon, double degrees) {
    return AffineTransformation.translationInstance(degrees, 0).transform(polygon);
  }

  /** The longitude less than half a turn from another that means the same meridian. */
  private static double near(double lon, double other) {
    if (lon - other > 180) {
      return lon - 360;
    }
    return other - lon > 180 ? lon + 360 : lon;
  }

  /** A polygon, or a multipolygon if it crosses the antimeridian. */
  public Geometry geometry() {
    Envelope envelope = laidOut.getEnvelopeInternal();
    if (envelope.getMinX() >= -180 && envelope.getMaxX() <= 180) {
      return laidOut;
    }
    Geometry world = WGS84.toGeometry(new Envelope(-180, 180, -90, 90));
    Geometry cut = WGS84.createPolygon();
    for (int turn = -360; turn <= 360; turn += 360) {
      cut = cut.union(turned(laidOut, turn).intersection(world));
    }
    cut.normalize(); // a fixed order, clockwise
    return cut.reverse();
  }

  /** Centroid in degrees (x is longitude, y is latitude), the middle of a chip that is cut. */
  public Point centroid() {
    return laidOut.getCentroid();
  }

  /** The geometry as little-endian WKB. */
  public byte[] wkb() {
    return new WKBWriter(2, ByteOrderValues.LITTLE_ENDIAN).write(geometry());
  }
}
