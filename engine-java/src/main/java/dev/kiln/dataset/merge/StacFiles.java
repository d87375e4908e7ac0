package dev.kiln.dataset.merge;

import dev.kiln.sink.RowSchema;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.locationtech.jts.geom.Envelope;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The STAC 1.1 Collection of a dataset and one Item per partition, with the Table, File and
 * Embedding extensions. They have no time of their making, so that the same dataset has the same
 * bytes.
 */
final class StacFiles {
  /** Key of the Collection. */
  static final String COLLECTION = "collection.json";

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String STAC_VERSION = "1.1.0";
  private static final String TABLE = "https://stac-extensions.github.io/table/v1.3.0/schema.json";
  private static final String FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json";
  private static final String EMBEDDING =
      "https://stac-extensions.github.io/embeddings/v0.0.1/schema.json";
  private static final String PARQUET = "application/vnd.apache.parquet";
  private static final String ID = "kiln-embeddings";

  /** Where the models that Kiln runs are published. */
  private static final String MODEL = "https://huggingface.co/made-with-clay/Clay";

  private static final Pattern SOURCE = Pattern.compile("[a-z0-9]+://[^/]+");

  private StacFiles() {}

  /** Returns the state of a partition that was made. */
  static CellState state(
      MergePlan.Unit unit,
      CellMerge.Result result,
      List<CellState.PartFile> files,
      List<String> sourceKeys) {
    Partition partition = unit.partition();
    boolean any = result.rows() > 0;
    return new CellState(
        partition.id(),
        partition.directory(),
        unit.fingerprint(),
        result.rows(),
        result.duplicates(),
        result.notFinite(),
        sourceKeys,
        List.copyOf(result.failed().keySet()),
        files,
        any ? bbox(result.bounds()) : List.of(),
        any ? time(result.firstMicros()) : "",
        any ? time(result.lastMicros()) : "");
  }

  private static String time(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
  }

  /** As RFC 7946 defines it: west is greater than east where bounds cross the antimeridian. */
  private static List<Double> bbox(Envelope bounds) {
    if (bounds.getWidth() >= 360) {
      return List.of(-180.0, bounds.getMinY(), 180.0, bounds.getMaxY());
    }
    double west = bounds.getMinX() < -180 ? bounds.getMinX() + 360 : bounds.getMinX();
    double east = bounds.getMaxX() > 180 ? bounds.getMaxX() - 360 : bounds.getMaxX();
    return List.of(west, bounds.getMinY(), east, bounds.getMaxY());
  }

  /**
   * Returns the Item of a partition with rows.
   *
   * @param schema of its files
   * @param emb fields of the Embedding extension that all its sources share, JSON
   */
  static byte[] item(Partition partition, CellState state, RowSchema schema, String emb) {
    ObjectNode item = JSON.createObjectNode();
    item.put("type", "Feature");
    item.put("stac_version", STAC_VERSION);
    extensions(item);
    item.put("id", state.id());
    item.put("collection", ID);
    item.set("geometry", geometry(state.bbox()));
    item.set("bbox", JSON.valueToTree(state.bbox()));
    ObjectNode properties = item.putObject("properties");
    properties.putNull("datetime");
    properties.put("start_datetime", state.start());
    properties.put("end_datetime", state.end());
    properties.put("platform", partition.platform());
    properties.put("table:row_count", state.rows());
    properties.put("table:primary_geometry", "geometry");
    properties.put("table:primary_datetime", "datetime");
    properties.set("table:columns", columns(schema));
    embedding(properties, emb);
    properties.put("kiln:cell", partition.cellName());
    properties.put("kiln:fingerprint", state.fingerprint());
    ArrayNode links = item.putArray("links");
    link(links, "root", "../" + COLLECTION, "application/json");
    link(links, "parent", "../" + COLLECTION, "application/json");
    link(links, "collection", "../" + COLLECTION, "application/json");
    ObjectNode assets = item.putObject("assets");
    for (int i = 0; i < state.files().size(); i++) {
      CellState.PartFile file = state.files().get(i);
      ObjectNode asset = assets.putObject(state.files().size() == 1 ? "data" : "data-" + i);
      asset.put("href", "../" + file.key());
      asset.put("type", PARQUET);
      asset.put("title", "Embeddings of chips, in the order of a Hilbert curve");
      asset.putArray("roles").add("data");
      asset.put("table:row_count", file.rows());
      asset.put("file:size", file.bytes());
    }
    return bytes(item);
  }

  private static void extensions(ObjectNode node) {
    node.putArray("stac_extensions").add(EMBEDDING).add(FILE).add(TABLE);
  }

  private static void embedding(ObjectNode target, String emb) {
    for (var field : JSON.readTree(emb).properties()) {
      if (!field.getKey().equals("stac_extensions")) {
        target.set(field.getKey(), field.getValue());
      }
    }
  }

  private static void link(ArrayNode links, String rel, String href, String type) {
    links.addObject().put("rel", rel).put("href", href).put("type", type);
  }

  private static ArrayNode columns(RowSchema schema) {
    ArrayNode columns = JSON.createArrayNode();
    for (RowSchema.Column column : schema.columns()) {
      columns.addObject().put("name", column.name()).put("type", column.type());
    }
    return columns;
  }

  private static ObjectNode geometry(List<Double> bbox) {
    double west = bbox.get(0);
    double east = bbox.get(2);
    ObjectNode geometry = JSON.createObjectNode();
    if (west <= east) {
      geometry.put("type", "Polygon");
      geometry.set("coordinates", ring(west, east, bbox));
    } else {
      geometry.put("type", "MultiPolygon");
      geometry.putArray("coordinates").add(ring(west, 180, bbox)).add(ring(-180, east, bbox));
    }
    return geometry;
  }

  private static ArrayNode ring(double west, double east, List<Double> bbox) {
    double south = bbox.get(1);
    double north = bbox.get(3);
    ArrayNode polygon = JSON.createArrayNode();
    ArrayNode ring = polygon.addArray();
    double[][] corners = {
      {west, south}, {east, south}, {east, north}, {west, north}, {west, south}
    };
    for (double[] corner : corners) {
      ring.addArray().add(corner[0]).add(corner[1]);
    }
    return polygon;
  }

  /**
   * Returns the Collection.
   *
   * @param states of all partitions, in their order
   * @param sources of the dataset
   */
  static byte[] collection(Layout layout, List<CellState> states, List<Source> sources) {
    ObjectNode collection = JSON.createObjectNode();
    collection.put("type", "Collection");
    collection.put("stac_version", STAC_VERSION);
    extensions(collection);
    collection.put("id", ID);
    collection.put("title", "Clay embeddings of " + String.join(", ", platforms(layout)));
    collection.put(
        "description",
        "Embeddings of chips of satellite and aerial images, made with Kiln: one row per chip, in"
            + " GeoParquet files partitioned by platform, year and cell.");
    collection.put("license", "other");
    collection.putArray("keywords").add("embeddings").add("Clay").add("GeoParquet");
    List<CellState> filled = states.stream().filter(s -> s.rows() > 0).toList();
    collection.set("extent", extent(filled));
    embedding(collection, commonEmb(sources));
    if (!collection.has("emb:type")) {
      collection.put("emb:type", "chip");
    }
    collection.put("table:row_count", filled.stream().mapToLong(CellState::rows).sum());
    collection.put("table:primary_geometry", "geometry");
    collection.put("table:primary_datetime", "datetime");
    if (!sources.isEmpty()) {
      collection.set("table:columns", columns(MergedSchema.of(sources.get(0).schema())));
    }
    ObjectNode summaries = collection.putObject("summaries");
    ArrayNode platforms = summaries.putArray("platform");
    platforms(layout).forEach(platforms::add);
    if (platforms.isEmpty()) {
      summaries.remove("platform");
    }
    ObjectNode cells = collection.putObject("kiln:cell_degrees");
    layout.cellDegrees().forEach(cells::put);
    ObjectNode asset = collection.putObject("item_assets").putObject("data");
    asset.put("type", PARQUET);
    asset.put("title", "Embeddings of chips");
    asset.putArray("roles").add("data");
    ArrayNode links = collection.putArray("links");
    link(links, "root", "./" + COLLECTION, "application/json");
    links
        .addObject()
        .put("rel", "emb:model")
        .put("href", MODEL)
        .put("type", "text/html")
        .put("title", model(sources));
    archives(sources)
        .forEach(uri -> links.addObject().put("rel", "emb:source-data").put("href", uri));
    for (CellState state : filled) {
      link(links, "item", "./items/" + state.id() + ".json", "application/geo+json");
    }
    return bytes(collection);
  }

  private static Set<String> platforms(Layout layout) {
    return layout.cellDegrees().keySet();
  }

  private static String model(List<Source> sources) {
    Set<String> names = new TreeSet<>();
    for (Source source : sources) {
      Signature signature = source.footer().signature();
      names.add(
          "Clay, size " + signature.modelSize() + ", weights " + signature.model().modelHash());
    }
    return names.isEmpty() ? "Clay" : String.join("; ", names);
  }

  /** Returns buckets and web servers of the scenes. */
  private static Set<String> archives(List<Source> sources) {
    Set<String> uris = new TreeSet<>();
    for (Source source : sources) {
      Matcher matcher = SOURCE.matcher(source.footer().uri());
      if (matcher.lookingAt()) {
        uris.add(matcher.group() + "/");
      }
    }
    return uris;
  }

  private static String commonEmb(List<Source> sources) {
    CommonJson common = new CommonJson();
    sources.forEach(source -> common.add(source.footer().emb()));
    return common.toString();
  }

  private static ObjectNode extent(List<CellState> states) {
    ObjectNode extent = JSON.createObjectNode();
    Envelope bounds = new Envelope();
    String start = "9";
    String end = "";
    for (CellState state : states) {
      boolean crosses = state.bbox().get(0) > state.bbox().get(2);
      bounds.expandToInclude(crosses ? -180 : state.bbox().get(0), state.bbox().get(1));
      bounds.expandToInclude(crosses ? 180 : state.bbox().get(2), state.bbox().get(3));
      start = state.start().compareTo(start) < 0 ? state.start() : start;
      end = state.end().compareTo(end) > 0 ? state.end() : end;
    }
    ArrayNode bbox = extent.putObject("spatial").putArray("bbox").addArray();
    boolean any = !states.isEmpty();
    List.of(
            any ? bounds.getMinX() : -180,
            any ? bounds.getMinY() : -90,
            any ? bounds.getMaxX() : 180,
            any ? bounds.getMaxY() : 90)
        .forEach(bbox::add);
    ArrayNode interval = extent.putObject("temporal").putArray("interval").addArray();
    List<JsonNode> ends = new ArrayList<>();
    ends.add(any ? JSON.getNodeFactory().stringNode(start) : JSON.getNodeFactory().nullNode());
    ends.add(any ? JSON.getNodeFactory().stringNode(end) : JSON.getNodeFactory().nullNode());
    ends.forEach(interval::add);
    return extent;
  }

  private static byte[] bytes(ObjectNode node) {
    return (JSON.writerWithDefaultPrettyPrinter().writeValueAsString(node) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
