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
 * Outline of a chip on the Earth as GeoJSON (RFC 7946) defines it: WGS84 degrees, longitude first,
 * counter-clockwise, longitudes from -180 to 180.
 *
 * <p>A chip that crosses the antimeridian is split there into a multipolygon. Internally its ring
 * is continuous, without the jump from 180 to -180, so the centroid is the centre of the chip and
 * not a point on the other side of the globe. A chip that contains a pole becomes the band of
 * latitudes between its corners and that pole, at all longitudes.
 */
public final class Footprint {
  private static final GeometryFactory WGS84 = new GeometryFactory();

  private final Polygon continuous;
  private final double[] lon; // of the corners, continuous
  private final double[] lat;

  /**
   * Creates the outline from its corners.
   *
   * @param lon longitudes of the four corners in degrees, in order around the chip
   * @param lat latitudes of the four corners in degrees
   */
  public Footprint(double[] lon, double[] lat) {
    if (lon.length != 4 || lat.length != 4) {
      throw new IllegalArgumentException(
          "expected 4 corners, found " + lon.length + " and " + lat.length);
    }
    List<Coordinate> ring = new ArrayList<>();
    ring.add(new Coordinate(lon[0], lat[0]));
    for (int i = 1; i <= 4; i++) {
      ring.add(new Coordinate(near(lon[i % 4], ring.get(i - 1).x), lat[i % 4]));
    }
    this.lon = ring.stream().limit(4).mapToDouble(Coordinate::getX).toArray();
    this.lat = lat.clone();
    if (Math.abs(ring.get(4).x - lon[0]) > 180) {
      double pole = lat[0] > 0 ? 90 : -90;
      ring.add(new Coordinate(ring.get(4).x, pole));
      ring.add(new Coordinate(lon[0], pole));
      ring.add(new Coordinate(lon[0], lat[0]));
    }
    Polygon polygon = WGS84.createPolygon(ring.toArray(Coordinate[]::new));
    // Mirrored projections list the corners clockwise.
    this.continuous =
        centred(
            Orientation.isCCW(polygon.getExteriorRing().getCoordinateSequence())
                ? polygon
                : polygon.reverse());
  }

  /**
   * {@return the outline of one cell of a grid over a chip, interpolated between the chip's
   * corners, which are the upper right, upper left, lower left and lower right} A cell of a chip
   * that contains a pole is the outline of the whole chip.
   *
   * @param grid cells along an edge
   * @param x column of the cell, 0 at the left
   * @param y row of the cell, 0 at the top
   */
  public Footprint cell(int grid, int x, int y) {
    if (continuous.getNumPoints() > 5) {
      return this;
    }
    double[] cellLon = new double[4];
    double[] cellLat = new double[4];
    int[] right = {1, 0, 0, 1};
    int[] down = {0, 0, 1, 1};
    for (int i = 0; i < 4; i++) {
      double u = (double) (x + right[i]) / grid;
      double v = (double) (y + down[i]) / grid;
      cellLon[i] = between(lon, u, v);
      cellLat[i] = between(lat, u, v);
    }
    return new Footprint(cellLon, cellLat);
  }

  private static double between(double[] corners, double u, double v) {
    double upper = corners[1] + u * (corners[0] - corners[1]);
    double lower = corners[2] + u * (corners[3] - corners[2]);
    return upper + v * (lower - upper);
  }

  /** Shifts the polygon by whole turns until its centroid is between -180 and 180. */
  private static Polygon centred(Polygon polygon) {
    double turns = Math.rint(polygon.getCentroid().getX() / 360);
    return turns == 0 ? polygon : (Polygon) turned(polygon, -turns * 360);
  }

  private static Geometry turned(Polygon polygon, double degrees) {
    return AffineTransformation.translationInstance(degrees, 0).transform(polygon);
  }

  /** Returns the equivalent of a longitude that is within 180 degrees of another. */
  private static double near(double lon, double other) {
    if (lon - other > 180) {
      return lon - 360;
    }
    return other - lon > 180 ? lon + 360 : lon;
  }

  /**
   * Returns the outline as one polygon.
   *
   * @return (lon, lat) in degrees; longitudes may continue beyond ±180
   */
  public Polygon outline() {
    return continuous;
  }

  /** {@return a polygon, or a multipolygon if the chip crosses the antimeridian} */
  public Geometry geometry() {
    Envelope envelope = continuous.getEnvelopeInternal();
    if (envelope.getMinX() >= -180 && envelope.getMaxX() <= 180) {
      return continuous;
    }
    Geometry world = WGS84.toGeometry(new Envelope(-180, 180, -90, 90));
    Geometry cut = WGS84.createPolygon();
    for (int turn = -360; turn <= 360; turn += 360) {
      cut = cut.union(turned(continuous, turn).intersection(world));
    }
    cut.normalize(); // deterministic order, clockwise
    return cut.reverse();
  }

  /** {@return the centroid in degrees (x is longitude, y is latitude), also of a split chip} */
  public Point centroid() {
    return continuous.getCentroid();
  }

  /** {@return the geometry as little-endian WKB} */
  public byte[] wkb() {
    return new WKBWriter(2, ByteOrderValues.LITTLE_ENDIAN).write(geometry());
  }
}
