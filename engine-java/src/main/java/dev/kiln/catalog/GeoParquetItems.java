package dev.kiln.catalog;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.sink.JsonRows;
import dev.kiln.sink.ParquetBytes;
import dev.kiln.sink.ValueRange;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Items in a file of stac-geoparquet: one row per item, whose properties are columns. Row groups
 * outside the area and period are not read.
 *
 * @see <a
 *     href="https://github.com/stac-utils/stac-geoparquet/blob/main/spec/stac-geoparquet-spec.md">stac-geoparquet</a>
 */
final class GeoParquetItems {
  /** Fields of an item that are no properties. */
  private static final Set<String> TOP =
      Set.of(
          "type",
          "stac_version",
          "stac_extensions",
          "id",
          "geometry",
          "bbox",
          "links",
          "assets",
          "collection");

  /** Texts and geometries that no scene needs. Titles and descriptions can state units. */
  private static final Set<String> UNUSED =
      Set.of("keywords", "providers", "proj:geometry", "table:columns");

  /** Columns that a query is compared with, besides those of its conditions. */
  private static final Set<String> COMPARED =
      Set.of(
          "id",
          "collection",
          "geometry",
          "bbox",
          "datetime",
          "start_datetime",
          "end_datetime",
          "properties");

  private static final int MAX_SHOWN = 20;
  private static final double MICROS = 1e6;

  private GeoParquetItems() {}

  /**
   * Reads the items of a file.
   *
   * @param where the file and the option that names it, for messages
   * @param bytes of the file; borrowed
   * @param query of which row groups are read
   * @param sink receives the items
   * @param items counts the items of row groups that are not read
   * @throws ConfigurationException if the file is not stac-geoparquet, or is damaged
   * @throws IOException if the file cannot be read, or from {@code sink}
   */
  static void read(
      String where,
      ParquetBytes bytes,
      ItemQuery query,
      ItemDocuments.Sink sink,
      ItemCollector items)
      throws IOException {
    JsonRows rows = open(where, bytes);
    if (!rows.columns().containsAll(List.of("id", "assets"))) {
      List<String> found = rows.columns().stream().map(Printable::of).toList();
      throw new ConfigurationException(
          Mismatch.of(
              where,
              "stac-geoparquet with columns id and assets",
              String.join(", ", found.subList(0, Math.min(MAX_SHOWN, found.size())))));
    }
    for (int group = 0; group < rows.rowGroups() && !items.isFull(); group++) {
      Optional<String> unwanted = reject(rows, group, query);
      if (unwanted.isPresent()) {
        items.stats().skip(unwanted.get(), rows.rows(group));
        continue;
      }
      Optional<BitSet> wanted = wanted(rows, group, query, items);
      if (wanted.isPresent() && wanted.get().isEmpty()) {
        continue;
      }
      int[] row = {0};
      rows.read(
          group,
          UNUSED::contains,
          content -> {
            if (wanted.isEmpty() || wanted.get().get(row[0])) {
              sink.accept(item(content));
            }
            row[0]++;
            return !items.isFull();
          });
    }
  }

  /**
   * Finds the wanted rows of a group by the columns that the query needs, which are a small part of
   * it, and counts the others.
   *
   * @return empty if all rows are to be read
   */
  private static Optional<BitSet> wanted(
      JsonRows rows, int group, ItemQuery query, ItemCollector items) throws IOException {
    boolean all =
        query.conditions().isEmpty()
            && query.collection().isEmpty()
            && query.datetime().isEmpty()
            && query.area().isEmpty();
    if (all || rows.rows(group) > Integer.MAX_VALUE) {
      return Optional.empty();
    }
    Set<String> compared = new HashSet<>(COMPARED);
    query.conditions().forEach(condition -> compared.add(condition.property()));
    Set<String> others = new HashSet<>(rows.columns());
    others.removeAll(compared);
    BitSet wanted = new BitSet();
    int[] row = {0};
    rows.read(
        group,
        others::contains,
        content -> {
          Optional<String> unwanted = items.reject(item(content));
          if (unwanted.isEmpty()) {
            wanted.set(row[0]);
          } else {
            items.stats().skip(unwanted.get());
          }
          row[0]++;
          return true;
        });
    return Optional.of(wanted);
  }

  private static JsonRows open(String where, ParquetBytes bytes) {
    try {
      return JsonRows.open(bytes);
    } catch (IOException | RuntimeException e) {
      throw new ConfigurationException(where + ": cannot read the footer: " + e.getMessage(), e);
    }
  }

  /** Returns why no item of a row group is wanted, by the ranges that the footer has. */
  private static Optional<String> reject(JsonRows rows, int group, ItemQuery query) {
    Optional<ValueRange> west = rows.range("bbox.xmin", group);
    Optional<ValueRange> south = rows.range("bbox.ymin", group);
    Optional<ValueRange> east = rows.range("bbox.xmax", group);
    Optional<ValueRange> north = rows.range("bbox.ymax", group);
    if (query.area().isPresent()
        && west.isPresent()
        && south.isPresent()
        && east.isPresent()
        && north.isPresent()) {
      Envelope box =
          new Envelope(west.get().min(), east.get().max(), south.get().min(), north.get().max());
      AreaOfInterest area = query.area().get();
      // A box that crosses the antimeridian has its west east of its east.
      boolean crossing = west.get().max() > east.get().min();
      if (!crossing && !area.mayIntersect(box)) {
        return Optional.of("outside the area");
      }
    }
    Optional<ValueRange> time = rows.range("datetime", group);
    // Of items with a time range, the datetime is one moment of it.
    boolean instants = !rows.columns().contains("start_datetime");
    if (query.datetime().isPresent() && time.isPresent() && instants) {
      double from = query.datetime().get().from().map(GeoParquetItems::micros).orElse(-1e300);
      double to = query.datetime().get().to().map(GeoParquetItems::micros).orElse(1e300);
      if (!time.get().meets(from, to)) {
        return Optional.of("outside the period");
      }
    }
    return Optional.empty();
  }

  private static double micros(Instant time) {
    return time.getEpochSecond() * MICROS + time.getNano() / 1000;
  }

  private static ObjectNode item(ObjectNode row) {
    ObjectNode item = JsonMapper.shared().createObjectNode().put("type", "Feature");
    ObjectNode properties = JsonMapper.shared().createObjectNode();
    for (Map.Entry<String, JsonNode> column : row.properties()) {
      JsonNode value = column.getValue();
      if (TOP.contains(column.getKey())) {
        item.set(column.getKey(), value);
      } else if (column.getKey().equals("properties") && value.isObject()) {
        properties.setAll((ObjectNode) value);
      } else if (!value.isBinary()) {
        properties.set(column.getKey(), value);
      }
    }
    item.set("properties", properties);
    item.set("geometry", geometry(row.path("geometry")));
    item.set("bbox", bbox(row.path("bbox")));
    item.set("assets", assets(row.path("assets")));
    return item;
  }

  private static JsonNode geometry(JsonNode wkb) {
    if (wkb.isBinary()) {
      try {
        Geometry geometry = new WKBReader().read(wkb.binaryValue());
        return ItemGeometry.toGeoJson(geometry);
      } catch (ParseException | RuntimeException e) {
        // As for malformed GeoJSON: the files of the item decide.
      }
    }
    return wkb.isObject() ? wkb : JsonNodeFactory.instance.nullNode();
  }

  /** A box is a struct in GeoParquet 1.1, and a list before. */
  private static JsonNode bbox(JsonNode value) {
    if (!value.isObject()) {
      return value.isArray() ? value : JsonNodeFactory.instance.nullNode();
    }
    ArrayNode box = JsonMapper.shared().createArrayNode();
    for (String name : List.of("xmin", "ymin", "xmax", "ymax")) {
      box.add(value.path(name));
    }
    return box;
  }

  /** Returns the assets that the item has; the struct also has those of other items, as nulls. */
  private static JsonNode assets(JsonNode value) {
    JsonNode assets = value;
    if (value.isString()) {
      try {
        assets = JsonMapper.shared().readTree(value.stringValue());
      } catch (JacksonException e) {
        return JsonMapper.shared().createObjectNode();
      }
    }
    if (!(assets instanceof ObjectNode all)) {
      return JsonMapper.shared().createObjectNode();
    }
    List<String> absent = new ArrayList<>();
    for (Map.Entry<String, JsonNode> asset : all.properties()) {
      if (asset.getValue().path("href").asString("").isEmpty()) {
        absent.add(asset.getKey());
      }
    }
    return all.remove(absent);
  }
}
