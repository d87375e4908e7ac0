package dev.kiln.archive;

import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** Reads the JSON of STAC items, whose fields catalogues write in many ways. */
final class StacItemReader {
  private static final Logger log = LoggerFactory.getLogger(StacItemReader.class);

  private static final int DAY_LENGTH = "2024-05-01".length();

  /** Properties that tell whether the offset has been removed: of Earth Search v1 and v0. */
  private static final List<String> OFFSET_FLAGS =
      List.of("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied");

  /** Properties that name the level of a product, or the product. */
  private static final List<String> LEVELS =
      List.of(
          "landsat:correction",
          "processing:level",
          "s2:product_type",
          "s2:product_uri",
          "sentinel:product_id");

  private StacItemReader() {}

  /**
   * Reads an item.
   *
   * @param key the item's key in its source
   * @param item as JSON
   * @throws SceneException permanent if it is not a STAC item or has no time
   */
  static StacItem read(String key, JsonNode item) throws SceneException {
    JsonNode properties = item.path("properties");
    String id = item.path("id").asString("");
    if (id.isBlank() || !properties.isObject() || !item.path("assets").isObject()) {
      boolean several = item.path("features").isArray() || item.path("links").isArray();
      throw SceneException.permanent(
          key,
          "not a STAC item: expected id, properties and assets"
              + (several ? "; kiln embed --stac reads catalogues and FeatureCollections" : ""));
    }
    Map<String, StacAsset> assets = new LinkedHashMap<>();
    boolean inherits = item.path("assets").valueStream().filter(StacItem::isTiff).count() == 1;
    item.path("assets")
        .properties()
        .forEach(
            asset ->
                assets.put(
                    asset.getKey(),
                    asset(
                        asset.getKey(),
                        asset.getValue(),
                        properties,
                        inherits && StacItem.isTiff(asset.getValue()))));
    return new StacItem(
        key,
        id,
        item.path("collection").asString(""),
        datetime(key, properties),
        metres(properties.hasNonNull("gsd") ? properties.path("gsd") : properties.path("eo:gsd")),
        OFFSET_FLAGS.stream().flatMap(name -> flag(properties.path(name)).stream()).findFirst(),
        Sentinel2Baseline.of(id, properties),
        levels(properties),
        assets);
  }

  /** Returns a truth value, which tables also have as a number or as text. */
  private static Optional<Boolean> flag(JsonNode node) {
    return switch (node.isValueNode() ? node.asString("").toLowerCase(Locale.ROOT) : "") {
      case "true", "1" -> Optional.of(true);
      case "false", "0" -> Optional.of(false);
      default -> Optional.empty();
    };
  }

  /** Returns the names of the product's level by property. */
  private static Map<String, String> levels(JsonNode properties) {
    Map<String, String> levels = new LinkedHashMap<>();
    for (String name : LEVELS) {
      text(properties.path(name)).ifPresent(text -> levels.put(name, text));
    }
    return levels;
  }

  private static Instant datetime(String key, JsonNode properties) throws SceneException {
    String text =
        text(properties.path("datetime"))
            .or(() -> text(properties.path("start_datetime")))
            .orElseThrow(
                () -> SceneException.permanent(key, "has neither datetime nor start_datetime"));
    try {
      Instant time = DatetimeText.parse(text);
      if (!DatetimeText.hasZone(text)) {
        log.warn(
            text.strip().length() == DAY_LENGTH
                ? "{}: datetime '{}' has no time of day; taken as noon, UTC"
                : "{}: datetime '{}' has no zone; taken as UTC",
            Printable.of(key),
            text);
      }
      return time;
    } catch (DateTimeException e) {
      throw SceneException.permanent(
          key, Mismatch.ofText("datetime", "a time such as 2024-05-01T10:30:00Z", text), e);
    }
  }

  private static StacAsset asset(
      String name, JsonNode asset, JsonNode properties, boolean inherits) {
    // The item's fields apply to all assets that do not have their own.
    Function<String, JsonNode> field =
        key -> asset.hasNonNull(key) ? asset.path(key) : properties.path(key);
    List<Optional<String>> contradictions = new ArrayList<>();
    List<StacBand> bands = bands(asset, properties, inherits, contradictions);
    return new StacAsset(
        name,
        href(asset),
        asset.path("type").asString(""),
        list(asset.path("roles"), JsonNode::isString, node -> node.asString()),
        bands,
        crs(field),
        shape(field.apply("proj:shape")),
        list(field.apply("proj:transform"), JsonNode::isNumber, StacItemReader::value),
        metres(asset.path("gsd")),
        nodata(asset.path("nodata")),
        scale(asset.path("raster:scale"), asset.path("raster:offset")),
        texts(asset.path("unit"), asset.path("title"), asset.path("description")),
        contradictions.stream().flatMap(Optional::stream).findFirst());
  }

  /** Returns the href of an asset; its S3 alternate if it has one. */
  static String href(JsonNode asset) {
    String s3 = asset.path("alternate").path("s3").path("href").asString("");
    return s3.isEmpty() ? asset.path("href").asString("") : s3;
  }

  private static Optional<String> crs(Function<String, JsonNode> field) {
    JsonNode epsg = field.apply("proj:epsg");
    JsonNode projjson = field.apply("proj:projjson");
    return text(field.apply("proj:code"))
        .or(() -> text(epsg).filter(code -> code.matches("\\d{4,6}")).map(code -> "EPSG:" + code))
        .or(
            () ->
                epsg.isNumber() && value(epsg) == Math.rint(value(epsg))
                    ? Optional.of("EPSG:" + (long) value(epsg))
                    : Optional.empty())
        .or(() -> text(field.apply("proj:wkt2")))
        .or(() -> projjson.isObject() ? Optional.of(projjson.toString()) : Optional.empty());
  }

  /**
   * Reads the bands from {@code bands}, and from the two parallel lists of older items, which some
   * items have as well. The oldest items list the bands once, and assets refer to them by number.
   *
   * @param contradictions receives how the lists contradict each other
   */
  private static List<StacBand> bands(
      JsonNode asset,
      JsonNode properties,
      boolean inherits,
      List<Optional<String>> contradictions) {
    boolean none = inherits && asset.path("bands").isEmpty() && asset.path("eo:bands").isEmpty();
    JsonNode now = list(asset, properties, "bands", none);
    JsonNode named = list(asset, properties, "eo:bands", none);
    JsonNode stored = asset.path("raster:bands");
    List<StacBand> bands = new ArrayList<>();
    List<StacBand> newer = new ArrayList<>();
    List<StacBand> others = new ArrayList<>();
    for (int i = 0; i < Math.max(now.size(), Math.max(named.size(), stored.size())); i++) {
      JsonNode band = now.path(i);
      JsonNode older = named.path(i);
      if (older.isInt()) {
        older = properties.path("eo:bands").path(older.intValue());
      }
      JsonNode raster = stored.path(i);
      newer.add(
          described(band, first(band.path("eo:common_name"), band.path("common_name")), "raster:"));
      others.add(
          described(
              older, first(older.path("common_name"), older.path("eo:common_name")), "raster:"));
      contradictions.add(contradiction(i, newer.get(i), described(raster, "", "")));
      bands.add(
          new StacBand(
              first(band.path("name"), older.path("name")),
              first(
                  band.path("eo:common_name"),
                  band.path("common_name"),
                  older.path("common_name"),
                  older.path("eo:common_name")),
              firstNodata(band.path("nodata"), raster.path("nodata")),
              scale(band.path("raster:scale"), band.path("raster:offset"))
                  .or(() -> scale(raster.path("scale"), raster.path("offset"))),
              texts(
                  band.path("unit"),
                  band.path("description"),
                  older.path("description"),
                  raster.path("unit"))));
    }
    BandWords.firstContradiction(newer, others)
        .ifPresent(
            i ->
                contradictions.add(
                    0,
                    Optional.of(
                        "band %d is %s in bands and %s in eo:bands"
                            .formatted(
                                i + 1,
                                String.join(" ", newer.get(i).names()),
                                String.join(" ", others.get(i).names())))));
    return bands;
  }

  /** Returns a band as one list describes it. */
  private static StacBand described(JsonNode band, String commonName, String prefix) {
    return new StacBand(
        first(band.path("name")),
        commonName,
        nodata(band.path("nodata")),
        scale(band.path(prefix + "scale"), band.path(prefix + "offset")),
        List.of());
  }

  /** Returns how two descriptions of the values of a band contradict each other. */
  private static Optional<String> contradiction(int index, StacBand one, StacBand other) {
    if (one.nodata().isPresent()
        && other.nodata().isPresent()
        && !one.nodata().equals(other.nodata())) {
      return Optional.of(
          "nodata of band %d is %s in bands and %s in raster:bands"
              .formatted(index + 1, one.nodata().getAsDouble(), other.nodata().getAsDouble()));
    }
    if (one.scale().isPresent()
        && other.scale().isPresent()
        && !one.scale().equals(other.scale())) {
      return Optional.of(
          "scale and offset of band %d are %s in bands and %s in raster:bands"
              .formatted(index + 1, one.scale().get(), other.scale().get()));
    }
    return Optional.empty();
  }

  /** Returns a list of bands of an asset, or else of the item, whose only image may have none. */
  private static JsonNode list(JsonNode asset, JsonNode properties, String name, boolean inherits) {
    return asset.path(name).isEmpty() && inherits ? properties.path(name) : asset.path(name);
  }

  /** Returns the texts that are not empty. */
  private static List<String> texts(JsonNode... nodes) {
    return Stream.of(nodes).flatMap(node -> text(node).stream()).toList();
  }

  /** Returns the first of some texts that is not empty, or an empty text. */
  private static String first(JsonNode... texts) {
    return Stream.of(texts).flatMap(text -> text(text).stream()).findFirst().orElse("");
  }

  private static OptionalDouble firstNodata(JsonNode first, JsonNode second) {
    OptionalDouble number = nodata(first);
    return number.isPresent() ? number : nodata(second);
  }

  /** Returns a nodata value, which some items have as text. */
  private static OptionalDouble nodata(JsonNode node) {
    String text = node.isString() ? node.asString().strip() : "";
    return text.matches("[-+]?\\d{1,40}(\\.\\d{1,40})?([eE][-+]?\\d{1,3})?")
        ? OptionalDouble.of(Double.parseDouble(text))
        : number(node);
  }

  /** Returns a conversion; empty if none is stated, or one that changes nothing or cannot be. */
  private static Optional<StatedScale> scale(JsonNode scale, JsonNode offset) {
    double factor = number(scale).orElse(1);
    double summand = number(offset).orElse(0);
    boolean possible = Double.isFinite(factor) && factor != 0 && Double.isFinite(summand);
    return possible && (factor != 1 || summand != 0)
        ? Optional.of(new StatedScale(factor, summand))
        : Optional.empty();
  }

  /** Returns lines and pixels per line; empty unless both are integers that an image can have. */
  private static List<Integer> shape(JsonNode array) {
    List<Integer> shape =
        list(
            array,
            node ->
                node.isNumber()
                    && value(node) == Math.rint(value(node))
                    && value(node) >= 1
                    && value(node) <= Integer.MAX_VALUE,
            node -> (int) value(node));
    return shape.size() == 2 && array.size() == 2 ? shape : List.of();
  }

  private static <T> List<T> list(
      JsonNode array, Predicate<JsonNode> wanted, Function<JsonNode, T> read) {
    return array.valueStream().filter(wanted).map(read).toList();
  }

  private static Optional<String> text(JsonNode node) {
    return node.isString() && !node.asString().isBlank()
        ? Optional.of(node.asString())
        : Optional.empty();
  }

  /**
   * Returns a plausible distance in metres; empty otherwise, so that the distance of the file is
   * used.
   */
  private static OptionalDouble metres(JsonNode node) {
    OptionalDouble metres = number(node);
    return metres.isPresent() && metres.getAsDouble() >= 1e-3 && metres.getAsDouble() <= 1e5
        ? metres
        : OptionalDouble.empty();
  }

  /** Returns a number; {@code "nan"}, {@code "inf"} and {@code "-inf"} are how STAC writes them. */
  private static OptionalDouble number(JsonNode node) {
    if (node.isString()) {
      return switch (node.asString().toLowerCase(Locale.ROOT)) {
        case "nan" -> OptionalDouble.of(Double.NaN);
        case "inf" -> OptionalDouble.of(Double.POSITIVE_INFINITY);
        case "-inf" -> OptionalDouble.of(Double.NEGATIVE_INFINITY);
        default -> OptionalDouble.empty();
      };
    }
    return node.isNumber() ? OptionalDouble.of(value(node)) : OptionalDouble.empty();
  }

  /**
   * Returns the value of a number of any length; those beyond the range of doubles are infinite.
   */
  private static double value(JsonNode number) {
    return number.isBigInteger() ? number.bigIntegerValue().doubleValue() : number.asDouble();
  }
}
