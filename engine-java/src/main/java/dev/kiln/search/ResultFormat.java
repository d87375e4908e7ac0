package dev.kiln.search;

import dev.kiln.error.Printable;
import dev.kiln.sink.GeoParquetRecords;
import dev.kiln.sink.GeoParquetRecords.Type;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Formats in which the matches of a search are written. */
public enum ResultFormat {
  /** Aligned text for a terminal. */
  TABLE(".txt"),
  /** One JSON object with an array of matches. */
  JSON(".json"),
  /** A GeoJSON feature collection of the outlines. */
  GEOJSON(".geojson"),
  /** GeoParquet 1.1, one row per match. */
  GEOPARQUET(".parquet");

  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final String suffix;

  ResultFormat(String suffix) {
    this.suffix = suffix;
  }

  /** Returns the format of a file by the suffix of its name. */
  public static Optional<ResultFormat> ofName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    for (ResultFormat format : values()) {
      if (lower.endsWith(format.suffix)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /** Returns a result in this format; text is UTF-8. */
  public byte[] bytes(SearchResult result) {
    return switch (this) {
      case TABLE -> text(table(result));
      case JSON -> text(json(result).toPrettyString() + "\n");
      case GEOJSON -> text(geoJson(result) + "\n");
      case GEOPARQUET -> geoParquet(result);
    };
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String table(SearchResult result) {
    int ids = width(result, FoundChip::chipId);
    int platforms = width(result, FoundChip::platform);
    String idColumn = "%-" + Math.max(ids, 4) + "s";
    String platformColumn = "%-" + Math.max(platforms, 8) + "s";
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "%4s  %7s  " + idColumn + "  " + platformColumn + "  %-10s  %11s  %10s%n",
            "rank",
            "score",
            "chip",
            "platform",
            "date",
            "lon",
            "lat"));
    for (Match match : result.matches()) {
      FoundChip chip = match.chip();
      Point centre = chip.outline().getCentroid();
      out.append(
          String.format(
              Locale.ROOT,
              "%4d  %7.4f  " + idColumn + "  " + platformColumn + "  %-10s  %11.6f  %10.6f%n",
              match.rank(),
              match.score(),
              Printable.of(chip.chipId()),
              Printable.of(chip.platform()),
              chip.datetime().map(t -> t.toString().substring(0, 10)).orElse(""),
              centre.getX(),
              centre.getY()));
    }
    return out.toString();
  }

  /** Returns the width of a column. Text of files is escaped: it could control a terminal. */
  private static int width(SearchResult result, Function<FoundChip, String> column) {
    return result.matches().stream()
        .mapToInt(match -> Printable.of(column.apply(match.chip())).length())
        .max()
        .orElse(0);
  }

  private static ObjectNode json(SearchResult result) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("approximate", result.approximate());
    root.put("compared", result.compared());
    root.put("seconds", result.seconds());
    ArrayNode matches = root.putArray("matches");
    for (Match match : result.matches()) {
      ObjectNode node = matches.addObject();
      putProperties(match, node);
      node.set("geometry", geometry(match.chip().outline()));
    }
    ArrayNode faults = root.putArray("unreadable");
    result.faults().forEach(f -> faults.add(f.reason()));
    return root;
  }

  private static String geoJson(SearchResult result) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("type", "FeatureCollection");
    ArrayNode features = root.putArray("features");
    for (Match match : result.matches()) {
      ObjectNode feature = features.addObject();
      feature.put("type", "Feature");
      feature.put("id", match.chip().chipId());
      feature.set("geometry", geometry(match.chip().outline()));
      putProperties(match, feature.putObject("properties"));
    }
    return root.toString();
  }

  private static void putProperties(Match match, ObjectNode node) {
    FoundChip chip = match.chip();
    node.put("rank", match.rank());
    node.put("score", match.score());
    node.put("chip_id", chip.chipId());
    node.put("item_id", chip.itemId());
    node.put("platform", chip.platform());
    chip.datetime().ifPresent(time -> node.put("datetime", time.toString()));
    put(node, "cloud", chip.cloud());
    put(node, "nodata", chip.nodata());
  }

  /** JSON has no NaN. */
  private static void put(ObjectNode node, String name, float value) {
    if (Float.isFinite(value)) {
      node.put(name, value);
    }
  }

  private static ObjectNode geometry(Geometry outline) {
    ObjectNode node = MAPPER.createObjectNode();
    boolean single = outline instanceof Polygon;
    node.put("type", single ? "Polygon" : "MultiPolygon");
    ArrayNode coordinates = node.putArray("coordinates");
    for (int i = 0; i < outline.getNumGeometries(); i++) {
      Polygon polygon = (Polygon) outline.getGeometryN(i);
      ArrayNode ring = (single ? coordinates : coordinates.addArray()).addArray();
      for (Coordinate point : polygon.getExteriorRing().getCoordinates()) {
        ring.addArray().add(point.x).add(point.y);
      }
    }
    return node;
  }

  private static byte[] geoParquet(SearchResult result) {
    Map<String, Type> columns = new LinkedHashMap<>();
    columns.put("rank", Type.INT32);
    columns.put("score", Type.FLOAT);
    columns.put("chip_id", Type.TEXT);
    columns.put("item_id", Type.TEXT);
    columns.put("platform", Type.TEXT);
    columns.put("datetime", Type.TIMESTAMP);
    columns.put("cloud", Type.FLOAT);
    columns.put("nodata", Type.FLOAT);
    columns.put("geometry", Type.WKB);
    columns.put("xmin", Type.DOUBLE);
    columns.put("ymin", Type.DOUBLE);
    columns.put("xmax", Type.DOUBLE);
    columns.put("ymax", Type.DOUBLE);
    List<Object[]> rows = new ArrayList<>();
    for (Match match : result.matches()) {
      FoundChip chip = match.chip();
      rows.add(
          new Object[] {
            match.rank(),
            match.score(),
            chip.chipId(),
            chip.itemId(),
            chip.platform(),
            chip.datetime().orElse(null),
            Float.isFinite(chip.cloud()) ? chip.cloud() : null,
            Float.isFinite(chip.nodata()) ? chip.nodata() : null,
            chip.footprint().length > 0 ? chip.footprint() : null,
            chip.box().getMinX(),
            chip.box().getMinY(),
            chip.box().getMaxX(),
            chip.box().getMaxY()
          });
    }
    return GeoParquetRecords.toBytes(columns, rows, Map.of());
  }
}
