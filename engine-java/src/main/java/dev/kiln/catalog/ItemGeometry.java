package dev.kiln.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.MultiPolygon;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Geometries of items: GeoJSON, (lon, lat) in degrees. What is malformed counts as absent. */
final class ItemGeometry {
  private static final GeometryFactory WGS84 = new GeometryFactory();
  private static final int MAX_POINTS = 1_000_000;
  private static final int MAX_NESTING = 8;

  private ItemGeometry() {}

  /**
   * Reads a box.
   *
   * @param bbox 4 or 6 numbers; west is greater than east where it crosses the antimeridian
   * @return the box; longitudes may continue beyond 180
   */
  static Optional<Envelope> box(JsonNode bbox) {
    int size = bbox.size();
    if (!bbox.isArray() || size != 4 && size != 6) {
      return Optional.empty();
    }
    double west = bbox.path(0).asDouble(Double.NaN);
    double south = bbox.path(1).asDouble(Double.NaN);
    double east = bbox.path(size / 2).asDouble(Double.NaN);
    double north = bbox.path(size / 2 + 1).asDouble(Double.NaN);
    if (!(Math.abs(west) <= 360 && Math.abs(east) <= 360 && south <= north)) {
      return Optional.empty();
    }
    return Optional.of(new Envelope(west, west > east ? east + 360 : east, south, north));
  }

  /**
   * Reads a geometry.
   *
   * @param geoJson of any type
   * @return the geometry; empty if it is null or malformed
   */
  static Optional<Geometry> parse(JsonNode geoJson) {
    try {
      return Optional.ofNullable(read(geoJson, 0)).filter(geometry -> !geometry.isEmpty());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Geometry read(JsonNode json, int nesting) {
    JsonNode coordinates = json.path("coordinates");
    return switch (json.path("type").asString("")) {
      case "Point" -> WGS84.createPoint(point(coordinates));
      case "MultiPoint" -> WGS84.createMultiPointFromCoords(points(coordinates));
      case "LineString" -> WGS84.createLineString(points(coordinates));
      case "MultiLineString" ->
          WGS84.buildGeometry(
              coordinates
                  .valueStream()
                  .<Geometry>map(line -> WGS84.createLineString(points(line)))
                  .toList());
      case "Polygon" -> polygon(coordinates);
      case "MultiPolygon" ->
          WGS84.createMultiPolygon(
              coordinates.valueStream().map(ItemGeometry::polygon).toArray(Polygon[]::new));
      case "GeometryCollection" -> {
        List<Geometry> parts = new ArrayList<>();
        for (JsonNode part : json.path("geometries")) {
          Geometry geometry = nesting < MAX_NESTING ? read(part, nesting + 1) : null;
          if (geometry == null) {
            throw new IllegalArgumentException("malformed part");
          }
          parts.add(geometry);
        }
        yield WGS84.buildGeometry(parts);
      }
      default -> null;
    };
  }

  private static Polygon polygon(JsonNode rings) {
    LinearRing[] read =
        rings
            .valueStream()
            .map(ring -> WGS84.createLinearRing(points(ring)))
            .toArray(LinearRing[]::new);
    if (read.length == 0) {
      throw new IllegalArgumentException("a polygon without rings");
    }
    LinearRing[] holes = new LinearRing[read.length - 1];
    System.arraycopy(read, 1, holes, 0, holes.length);
    return WGS84.createPolygon(read[0], holes);
  }

  private static Coordinate[] points(JsonNode list) {
    if (list.size() > MAX_POINTS) {
      throw new IllegalArgumentException("too many points");
    }
    return list.valueStream().map(ItemGeometry::point).toArray(Coordinate[]::new);
  }

  private static Coordinate point(JsonNode position) {
    double lon = position.path(0).asDouble(Double.NaN);
    double lat = position.path(1).asDouble(Double.NaN);
    if (!(Math.abs(lon) <= 360 && Math.abs(lat) <= 90)) {
      throw new IllegalArgumentException("not in degrees");
    }
    return new Coordinate(lon, lat);
  }

  /** {@return a point, polygon or multipolygon as GeoJSON; null for any other geometry} */
  static JsonNode toGeoJson(Geometry geometry) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    if (geometry instanceof Point point && !point.isEmpty()) {
      json.put("type", "Point").putArray("coordinates").add(point.getX()).add(point.getY());
      return json;
    }
    if (geometry instanceof Polygon polygon) {
      json.put("type", "Polygon");
      addRings(polygon, json.putArray("coordinates"));
      return json;
    }
    if (geometry instanceof MultiPolygon polygons) {
      ArrayNode coordinates = json.put("type", "MultiPolygon").putArray("coordinates");
      for (int i = 0; i < polygons.getNumGeometries(); i++) {
        addRings((Polygon) polygons.getGeometryN(i), coordinates.addArray());
      }
      return json;
    }
    return JsonNodeFactory.instance.nullNode();
  }

  private static void addRings(Polygon polygon, ArrayNode rings) {
    addRing(polygon.getExteriorRing(), rings.addArray());
    for (int i = 0; i < polygon.getNumInteriorRing(); i++) {
      addRing(polygon.getInteriorRingN(i), rings.addArray());
    }
  }

  private static void addRing(LinearRing ring, ArrayNode points) {
    for (Coordinate point : ring.getCoordinates()) {
      points.addArray().add(point.x).add(point.y);
    }
  }
}
