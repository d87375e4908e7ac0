package dev.kiln.explore;

import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.RowRef;
import dev.kiln.picture.ChipShapes;
import dev.kiln.picture.ColoredChips;
import dev.kiln.picture.Mercator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * What the page and exported files contain of chips, as values of JSON. Safe for several threads.
 */
final class ChipDescriptions {
  private final ColoredChips chips;
  private final ChipDetails details;

  ChipDescriptions(ColoredChips chips, ChipDetails details) {
    this.chips = chips;
    this.details = details;
  }

  /** Returns what the page shows of some chips, in their order. */
  List<Map<String, Object>> of(List<Integer> numbers) throws IOException, InterruptedException {
    List<RowRef> refs = numbers.stream().map(chips::ref).toList();
    Map<RowRef, ChipDetails.Details> found = details.of(new TreeSet<>(refs));
    List<Map<String, Object>> list = new ArrayList<>();
    for (int i = 0; i < refs.size(); i++) {
      list.add(of(numbers.get(i), Optional.ofNullable(found.get(refs.get(i)))));
    }
    return list;
  }

  /** Returns what the page shows of a chip. */
  Map<String, Object> of(int chip, Optional<ChipDetails.Details> found) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("number", chip);
    json.put("chip_id", found.map(ChipDetails.Details::chipId).orElse(""));
    json.put("item_id", chips.items().get(chips.item(chip)));
    json.put("platform", chips.platformOf(chip));
    json.put(
        "datetime", EmbeddingBatch.time(chips.micros(chip)).map(Object::toString).orElse(null));
    json.put("gsd", finite(found.map(ChipDetails.Details::gsd).orElse(Double.NaN)));
    json.put("cloud", finite(chips.cloud(chip)));
    json.put("nodata", finite(found.map(ChipDetails.Details::nodata).orElse(Double.NaN)));
    json.put("color", "#%06x".formatted(chips.rgb(chip)));
    json.put("rings", rings(chip));
    return json;
  }

  /**
   * Returns chips as a GeoJSON feature collection.
   *
   * @param similarities of the chips, numbers in their order; others are left out
   */
  Map<String, Object> geoJson(List<Integer> numbers, JsonNode similarities)
      throws IOException, InterruptedException {
    List<Map<String, Object>> described = of(numbers);
    List<Map<String, Object>> features = new ArrayList<>();
    for (int i = 0; i < described.size(); i++) {
      Map<String, Object> properties = new LinkedHashMap<>(described.get(i));
      List<?> rings = (List<?>) properties.remove("rings");
      properties.remove("number");
      if (similarities.path(i).isNumber()) {
        properties.put("similarity", similarities.path(i).asDouble());
      }
      Map<String, Object> feature = new LinkedHashMap<>();
      feature.put("type", "Feature");
      feature.put("id", properties.get("chip_id"));
      feature.put(
          "geometry",
          rings.size() == 1
              ? Map.of("type", "Polygon", "coordinates", List.of(rings.get(0)))
              : Map.of(
                  "type", "MultiPolygon", "coordinates", rings.stream().map(List::of).toList()));
      feature.put("properties", properties);
      features.add(feature);
    }
    Map<String, Object> collection = new LinkedHashMap<>();
    collection.put("type", "FeatureCollection");
    collection.put("features", features);
    return collection;
  }

  /** JSON has no NaN. A float's digits are those of the float. */
  private static Double finite(double value) {
    return Double.isFinite(value)
        ? (Double) Double.parseDouble(Float.toString((float) value))
        : null;
  }

  /** Returns the outer ring of each part in degrees, closed. */
  private List<List<double[]>> rings(int chip) {
    ChipShapes shapes = chips.shapes();
    List<List<double[]>> rings = new ArrayList<>();
    for (int part = shapes.firstPart(chip); part < shapes.firstPart(chip + 1); part++) {
      List<double[]> ring = new ArrayList<>();
      for (int v = 0; v <= shapes.vertices(part); v++) {
        int vertex = v % shapes.vertices(part);
        ring.add(
            new double[] {
              rounded(Mercator.lon((double) shapes.x(part, vertex) / ChipShapes.WORLD)),
              rounded(Mercator.lat((double) shapes.y(part, vertex) / ChipShapes.WORLD))
            });
      }
      rings.add(ring);
    }
    return rings;
  }

  private static double rounded(double degrees) {
    return Math.rint(degrees * 1e7) / 1e7;
  }
}
