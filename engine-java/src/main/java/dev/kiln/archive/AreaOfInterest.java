package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import org.locationtech.jts.algorithm.Orientation;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.geom.prep.PreparedGeometry;
import org.locationtech.jts.geom.prep.PreparedGeometryFactory;
import org.locationtech.jts.geom.util.AffineTransformation;
import org.locationtech.jts.io.ByteOrderValues;
import org.locationtech.jts.io.WKBWriter;
import org.locationtech.jts.operation.union.UnaryUnionOp;
import org.locationtech.jts.operation.valid.IsValidOp;
import org.locationtech.jts.operation.valid.TopologyValidationError;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An area that selects scenes: the polygons of a GeoJSON file, as (lon, lat) in degrees. An area
 * that crosses the antimeridian is either split there, or has longitudes that continue beyond ±180;
 * both forms occur in GeoJSON.
 */
public final class AreaOfInterest {
  private static final GeometryFactory WGS84 = new GeometryFactory();

  private final Geometry area;

  /** The area, and copies of it shifted by ±360° of longitude. */
  private final PreparedGeometry wrapped;

  private AreaOfInterest(Geometry area) {
    this.area = area;
    Geometry east = AffineTransformation.translationInstance(360, 0).transform(area);
    Geometry west = AffineTransformation.translationInstance(-360, 0).transform(area);
    this.wrapped = PreparedGeometryFactory.prepare(UnaryUnionOp.union(List.of(west, area, east)));
  }

  /**
   * Reads a GeoJSON geometry, feature or feature collection of polygons.
   *
   * @param objects opens the file
   * @param name the option that names the file, for messages
   * @param uri the file
   * @return the union of its polygons
   * @throws ConfigurationException if the file contains anything else, is not in degrees, or has an
   *     invalid polygon
   * @throws IOException if the file cannot be read
   */
  public static AreaOfInterest read(ObjectSource objects, String name, String uri)
      throws IOException {
    String where = name + " " + uri;
    List<Geometry> polygons = new ArrayList<>();
    try (InputStream in = objects.open(uri)) {
      collect(where, JsonMapper.shared().readTree(in), polygons);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(where + ": file not found", e);
    } catch (JacksonException e) {
      throw new ConfigurationException(where + ": not JSON: " + e.getOriginalMessage(), e);
    }
    if (polygons.isEmpty()) {
      throw new ConfigurationException(where + ": expected GeoJSON polygons, found none");
    }
    return new AreaOfInterest(UnaryUnionOp.union(polygons));
  }

  /**
   * Creates an area.
   *
   * @param geometry (lon, lat) in degrees; longitudes may continue beyond ±180
   * @return the area
   */
  public static AreaOfInterest of(Geometry geometry) {
    return new AreaOfInterest(geometry);
  }

  /**
   * Creates the union of polygons.
   *
   * @param where the file and the option that names it, for messages
   * @param polygons (lon, lat) in degrees; longitudes may continue beyond ±180
   * @return the area
   * @throws ConfigurationException if there are none, or one is invalid or not in degrees
   */
  public static AreaOfInterest of(String where, List<Geometry> polygons) {
    if (polygons.isEmpty()) {
      throw new ConfigurationException(where + ": expected polygons, found none");
    }
    for (Geometry polygon : polygons) {
      Envelope box = polygon.getEnvelopeInternal();
      if (box.getMinX() < -360 || box.getMaxX() > 360 || Math.abs(box.centre().y) > 90) {
        throw new ConfigurationException(
            where + ": expected degrees, found a polygon in " + box + ": reproject to WGS84");
      }
      requireValid(where, polygon);
    }
    return new AreaOfInterest(UnaryUnionOp.union(polygons));
  }

  /**
   * Creates the area of a box, which crosses the antimeridian if its west is greater than its east.
   *
   * @param west longitude in degrees
   * @param south latitude in degrees
   * @param east longitude in degrees
   * @param north latitude in degrees
   * @return the area
   */
  public static AreaOfInterest ofBox(double west, double south, double east, double north) {
    return of(WGS84.toGeometry(new Envelope(west, west > east ? east + 360 : east, south, north)));
  }

  /**
   * Returns whether the area intersects an outline, whose longitudes may continue beyond ±180.
   *
   * @param outline (lon, lat) in degrees, longitudes within ±540
   * @return whether they have a point in common
   */
  public boolean intersects(Geometry outline) {
    return wrapped.intersects(outline);
  }

  /**
   * Returns whether an outline, whose longitudes may continue beyond ±180, is inside the area.
   *
   * @param outline (lon, lat) in degrees, longitudes within ±540
   * @return whether no point of it is outside
   */
  public boolean covers(Geometry outline) {
    return wrapped.covers(outline);
  }

  /**
   * Returns the bounding box.
   *
   * @return (lon, lat) in degrees; longitudes may continue beyond ±180
   */
  public Envelope envelope() {
    return new Envelope(area.getEnvelopeInternal());
  }

  /**
   * Returns the polygons, in an order that does not depend on the file.
   *
   * @return little-endian WKB
   */
  public byte[] wkb() {
    Geometry normal = area.norm();
    return new WKBWriter(2, ByteOrderValues.LITTLE_ENDIAN).write(normal);
  }

  /**
   * Returns whether the area may intersect something in a box; a fast test.
   *
   * @param box (lon, lat) in degrees, longitudes within ±540
   * @return false only if nothing in the box intersects the area
   */
  public boolean mayIntersect(Envelope box) {
    Envelope bounds = area.getEnvelopeInternal();
    for (int turn = -360; turn <= 360; turn += 360) {
      if (box.getMinX() <= bounds.getMaxX() + turn
          && box.getMaxX() >= bounds.getMinX() + turn
          && box.getMinY() <= bounds.getMaxY()
          && box.getMaxY() >= bounds.getMinY()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Converts the area to one GeoJSON geometry.
   *
   * @return a Polygon or MultiPolygon whose outer rings are counterclockwise
   */
  public ObjectNode toGeoJson() {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("type", area instanceof Polygon ? "Polygon" : "MultiPolygon");
    ArrayNode coordinates = json.putArray("coordinates");
    for (int i = 0; i < area.getNumGeometries(); i++) {
      Polygon polygon = (Polygon) area.getGeometryN(i);
      ArrayNode rings = area instanceof Polygon ? coordinates : coordinates.addArray();
      write(polygon.getExteriorRing(), true, rings.addArray());
      for (int hole = 0; hole < polygon.getNumInteriorRing(); hole++) {
        write(polygon.getInteriorRingN(hole), false, rings.addArray());
      }
    }
    return json;
  }

  private static void write(LinearRing ring, boolean counterClockwise, ArrayNode json) {
    boolean asRequired = Orientation.isCCW(ring.getCoordinateSequence()) == counterClockwise;
    for (Coordinate point : (asRequired ? ring : ring.reverse()).getCoordinates()) {
      json.addArray().add(point.x).add(point.y);
    }
  }

  private static void collect(String where, JsonNode json, List<Geometry> polygons) {
    String type = json.path("type").asString("");
    switch (type) {
      case "FeatureCollection" ->
          json.path("features").forEach(feature -> collect(where, feature, polygons));
      case "Feature" -> {
        if (!json.path("geometry").isNull()) {
          collect(where, json.path("geometry"), polygons);
        }
      }
      case "GeometryCollection" ->
          json.path("geometries").forEach(part -> collect(where, part, polygons));
      case "MultiPolygon" ->
          json.path("coordinates").forEach(rings -> polygons.add(polygon(where, rings)));
      case "Polygon" -> polygons.add(polygon(where, json.path("coordinates")));
      default ->
          throw new ConfigurationException(
              where + ": expected Polygon or MultiPolygon, found type '" + type + "'");
    }
  }

  private static Polygon polygon(String where, JsonNode rings) {
    List<LinearRing> read = new ArrayList<>();
    for (JsonNode ring : rings) {
      read.add(ring(where, ring));
    }
    if (read.isEmpty()) {
      throw new ConfigurationException(where + ": expected a polygon with coordinates, found none");
    }
    Polygon polygon =
        WGS84.createPolygon(read.get(0), read.subList(1, read.size()).toArray(LinearRing[]::new));
    requireValid(where, polygon);
    return polygon;
  }

  private static void requireValid(String where, Geometry polygon) {
    TopologyValidationError error = new IsValidOp(polygon).getValidationError();
    if (error != null) {
      Coordinate at = error.getCoordinate();
      throw new ConfigurationException(
          where + ": invalid polygon: " + error.getMessage() + " at [" + at.x + ", " + at.y + "]");
    }
  }

  private static LinearRing ring(String where, JsonNode points) {
    List<Coordinate> ring = new ArrayList<>();
    for (JsonNode point : points) {
      if (!point.path(0).isNumber() || !point.path(1).isNumber()) {
        throw new ConfigurationException(where + ": expected [lon, lat], found " + point);
      }
      double lon = point.get(0).asDouble();
      double lat = point.get(1).asDouble();
      if (Math.abs(lon) > 360 || Math.abs(lat) > 90) {
        throw new ConfigurationException(
            where + ": expected [lon, lat] in degrees, found " + point + ": reproject to WGS84");
      }
      ring.add(new Coordinate(lon, lat));
    }
    try {
      return WGS84.createLinearRing(ring.toArray(Coordinate[]::new));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          where + ": a ring needs 4 points, the last equal to the first: " + e.getMessage(), e);
    }
  }
}
