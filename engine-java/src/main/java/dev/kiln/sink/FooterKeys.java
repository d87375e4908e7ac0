package dev.kiln.sink;

import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.locationtech.jts.geom.Envelope;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Key-value pairs of a scene file's footer.
 *
 * <ul>
 *   <li>{@code geo}: <a href="https://geoparquet.org/releases/v1.1.0/">GeoParquet 1.1</a>. It names
 *       no CRS, which means longitude and latitude on WGS84 (OGC:CRS84).
 *   <li>{@code date}, {@code gsd}, {@code uri}: as in the published Clay files; the date is ISO.
 *   <li>{@code emb}: fields of the STAC Embedding extension, whose data type and gsd are STAC's
 *       common {@code data_type} and {@code gsd}.
 *   <li>{@code kiln}: the {@link Provenance}, and what was decided for this scene.
 * </ul>
 */
final class FooterKeys {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String EMBEDDING_EXTENSION =
      "https://stac-extensions.github.io/embeddings/v0.0.1/schema.json";

  private FooterKeys() {}

  /** Returns the pairs in a fixed order. */
  static Map<String, String> of(
      SceneInfo scene,
      VectorColumns vectors,
      SceneBounds bounds,
      Map<String, String> decisions,
      Provenance provenance) {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("geo", geo(bounds).toString());
    keys.put("date", scene.datetime().atZone(ZoneOffset.UTC).toLocalDate().toString());
    keys.put("gsd", Double.toString(scene.gsd()));
    keys.put("uri", scene.uri());
    keys.put("emb", emb(scene, vectors).toString());
    keys.put("kiln", kiln(decisions, provenance).toString());
    return keys;
  }

  private static ObjectNode geo(SceneBounds found) {
    return geo(found.types(), found.envelope(), true);
  }

  /**
   * Returns the key {@code geo}.
   *
   * @param types of geometry that occur, sorted; none for any
   * @param bounds of all geometries in degrees; null envelope without one
   * @param counterclockwise whether all outer rings are known to be so
   */
  static ObjectNode geo(Set<String> types, Envelope bounds, boolean counterclockwise) {
    ObjectNode geo = JSON.createObjectNode();
    geo.put("version", "1.1.0");
    geo.put("primary_column", SceneSchema.GEOMETRY);
    ObjectNode column = geo.putObject("columns").putObject(SceneSchema.GEOMETRY);
    column.put("encoding", "WKB");
    ArrayNode named = column.putArray("geometry_types");
    types.forEach(named::add);
    column.put("edges", "planar");
    if (counterclockwise) {
      column.put("orientation", "counterclockwise");
    }
    if (!bounds.isNull()) {
      column
          .putArray("bbox")
          .add(bounds.getMinX())
          .add(bounds.getMinY())
          .add(bounds.getMaxX())
          .add(bounds.getMaxY());
    }
    ObjectNode covering = column.putObject("covering").putObject(SceneSchema.BBOX);
    for (String side : new String[] {"xmin", "ymin", "xmax", "ymax"}) {
      covering.putArray(side).add(SceneSchema.BBOX).add(side);
    }
    return geo;
  }

  private static ObjectNode emb(SceneInfo scene, VectorColumns vectors) {
    ObjectNode emb = JSON.createObjectNode();
    emb.putArray("stac_extensions").add(EMBEDDING_EXTENSION);
    emb.put("emb:type", "chip");
    emb.put("emb:dimensions", scene.dim());
    emb.put("data_type", vectors.type().label());
    emb.put("gsd", scene.gsd());
    // A file of patches has smaller chips.
    int edge = scene.chipSize() / Math.max(1, vectors.patchGrid());
    ObjectNode layout = emb.putObject("emb:chip_layout");
    layout.put("layout_type", "regular_grid");
    layout.putArray("chip_size").add(edge).add(edge);
    // Patches are side by side within their chip.
    int stride = vectors.patchGrid() > 0 ? edge : scene.stride();
    layout.putArray("stride").add(stride).add(stride);
    quantization(emb.putObject("emb:quantization"), vectors.type());
    return emb;
  }

  private static void quantization(ObjectNode quantization, VectorType type) {
    switch (type) {
      case FLOAT32 -> quantization.put("method", "none").put("original_dtype", "float32");
      case FLOAT16 ->
          quantization
              .put("method", "round_to_nearest")
              .put("original_dtype", "float32")
              .put("quantized_dtype", "float16");
      case INT8 ->
          quantization
              .put("method", "linear")
              .put("original_dtype", "float32")
              .put("quantized_dtype", "int8")
              .put("scale_column_suffix", SceneSchema.SCALE)
              .put("formula", "value = stored * scale; scale = max(abs(vector)) / 127 per vector");
    }
  }

  private static ObjectNode kiln(Map<String, String> taken, Provenance provenance) {
    ObjectNode kiln = JSON.createObjectNode();
    kiln.put("version", provenance.version());
    kiln.put("model_hash", provenance.modelHash());
    kiln.put("model_size", provenance.modelSize());
    kiln.put("encoder", provenance.encoder());
    kiln.put("precision", provenance.precision().label());
    ObjectNode options = kiln.putObject("options");
    provenance.options().forEach(options::put);
    if (!taken.isEmpty()) {
      ObjectNode decisions = kiln.putObject("decisions");
      new TreeMap<>(taken).forEach(decisions::put);
    }
    return kiln;
  }
}
