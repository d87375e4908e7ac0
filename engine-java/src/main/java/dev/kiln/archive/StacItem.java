package dev.kiln.archive;

import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A STAC item: one scene whose bands are stored in one or more assets. Reads STAC 0.8 to 1.1 with
 * the projection extension 1.x and 2.x, and band lists of {@code eo:bands}, {@code raster:bands}
 * and {@code bands}. The geometry is not read: footprints come from the pixels.
 *
 * @param key the item's key in its source
 * @param id the item's id
 * @param collection may be empty
 * @param datetime UTC; the start if the item has a time range
 * @param gsd metres per pixel
 * @param boaOffsetApplied {@code earthsearch:boa_offset_applied}, or the same of Earth Search v0:
 *     whether the +1000 of Sentinel-2 baseline 04.00 has been removed
 * @param processingBaseline baseline of a Sentinel-2 product, such as {@code 05.10}
 * @param correction {@code landsat:correction}, such as {@code L2SP}
 * @param assets by name, in the item's order
 */
public record StacItem(
    String key,
    String id,
    String collection,
    Instant datetime,
    OptionalDouble gsd,
    Optional<Boolean> boaOffsetApplied,
    Optional<String> processingBaseline,
    Optional<String> correction,
    Map<String, StacAsset> assets) {

  private static final String FIRST_BASELINE_WITH_OFFSET = "04.00";
  private static final int DAY_LENGTH = "2024-05-01".length();

  /** Properties that tell whether the offset has been removed: of Earth Search v1 and v0. */
  private static final List<String> OFFSET_FLAGS =
      List.of("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied");

  /**
   * Collections, or ids, of products without the offset, whatever their baseline is: it was removed
   * by Google Earth Engine and HLS, or the reflectance is the provider's own (Digital Earth
   * Australia).
   */
  private static final Pattern WITHOUT_OFFSET =
      Pattern.compile(
          "harmoni[sz]ed|^ga_s2|^hlss30|^hls2-s30|^hls\\.s30", Pattern.CASE_INSENSITIVE);

  /** Collections, or ids, of Landsat reflectance whose scale is not that of Collection 2. */
  private static final Pattern OTHER_LANDSAT =
      Pattern.compile("^(hls|ga_ls)", Pattern.CASE_INSENSITIVE);

  private static final Pattern LANDSAT_COLLECTION_1 =
      Pattern.compile("L[COTEM]0\\d_.*_01_(T1|T2|RT)(_.*)?");

  /** Copies the assets. */
  public StacItem {
    assets = Collections.unmodifiableMap(new LinkedHashMap<>(assets));
  }

  private static final Logger log = LoggerFactory.getLogger(StacItem.class);

  /** Accepts NaN and Infinity, which are not JSON, but which Python writes. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  /** Maximum size of an item in bytes; the largest known items have 100 kB. */
  static final int MAX_BYTES = 16 << 20;

  /**
   * Reads an item from its source.
   *
   * @param key the item's key
   * @param objects the source
   * @return the item
   * @throws SceneException (permanent) if it is larger than 16 MiB, is not a STAC item, or has no
   *     time
   * @throws IOException if it cannot be read
   */
  public static StacItem read(String key, ObjectSource objects) throws IOException {
    return parse(key, objects.read(key, "a STAC item", MAX_BYTES));
  }

  /**
   * Parses an item.
   *
   * @param key the item's key in its source
   * @param json the item, UTF-8
   * @return the item
   * @throws SceneException (permanent) if it is not a STAC item or has no time
   */
  public static StacItem parse(String key, byte[] json) throws SceneException {
    try {
      return of(key, JSON.readTree(json));
    } catch (JacksonException e) {
      throw SceneException.permanent(key, "not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Reads an item that is parsed already.
   *
   * @param key the item's key in its source
   * @param json the item
   * @return the item
   * @throws SceneException (permanent) if it is not a STAC item or has no time
   */
  static StacItem of(String key, JsonNode json) throws SceneException {
    try {
      return parse(key, json);
    } catch (SceneException e) {
      throw e;
    } catch (RuntimeException e) {
      // Values are checked where they are read; any other error still concerns only this item.
      throw SceneException.permanent(key, "malformed STAC item: " + e, e);
    }
  }

  /**
   * Returns the item under another key.
   *
   * @param other key in its source
   * @return the item
   */
  StacItem withKey(String other) {
    return new StacItem(
        other,
        id,
        collection,
        datetime,
        gsd,
        boaOffsetApplied,
        processingBaseline,
        correction,
        assets);
  }

  private static StacItem parse(String key, JsonNode item) throws SceneException {
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
                        inherits && isTiff(asset.getValue()))));
    return new StacItem(
        key,
        id,
        item.path("collection").asString(""),
        datetime(key, properties),
        metres(properties.hasNonNull("gsd") ? properties.path("gsd") : properties.path("eo:gsd")),
        OFFSET_FLAGS.stream()
            .map(properties::path)
            .filter(JsonNode::isBoolean)
            .findFirst()
            .map(JsonNode::asBoolean),
        Sentinel2Baseline.of(id, properties),
        text(properties.path("landsat:correction")),
        assets);
  }

  /**
   * Returns the scene that this item describes; the mask is required if the platform has one.
   *
   * @param platform whose bands are wanted
   * @return the scene
   * @throws SceneException (permanent) if a band or the mask has no asset
   */
  public Scene scene(Platform platform) throws SceneException {
    return scene(platform, true);
  }

  /**
   * Returns the scene that this item describes.
   *
   * @param platform whose bands are wanted
   * @param masked whether the mask is required, if the platform has one
   * @return the scene
   * @throws SceneException (permanent) if a band, or a required mask, has no asset
   */
  public Scene scene(Platform platform, boolean masked) throws SceneException {
    return scene(platform, masked, BandAliases.standard());
  }

  /**
   * Returns the scene that this item is for a platform.
   *
   * @param platform whose bands are wanted
   * @param masked whether the mask is required, if the platform has one
   * @param aliases other names of bands
   * @return the scene
   * @throws SceneException (permanent) if a band, or a required mask, has no asset
   */
  public Scene scene(Platform platform, boolean masked, BandAliases aliases) throws SceneException {
    requireCollection(platform);
    LandsatLevel.require(this, platform);
    return scene(ItemAssets.map(this, platform, masked, aliases), platform, true);
  }

  /**
   * Returns the scene that this item is for a platform, if the item was not read from its key. An
   * item that is named by its collection and id has no location then.
   *
   * @param platform whose bands are wanted
   * @param masked whether the mask is required, if the platform has one
   * @param aliases other names of bands
   * @return the scene
   * @throws SceneException (permanent) if a band, or a required mask, has no asset
   */
  public Scene sceneOfKnown(Platform platform, boolean masked, BandAliases aliases)
      throws SceneException {
    requireCollection(platform);
    LandsatLevel.require(this, platform);
    boolean located = !key.equals(ItemLine.keyById(collection, id));
    return scene(ItemAssets.map(this, platform, masked, aliases), platform, located);
  }

  private Scene scene(ItemAssets files, Platform platform, boolean located) throws SceneException {
    boolean otherScale =
        OTHER_LANDSAT.matcher(collection).find() || OTHER_LANDSAT.matcher(id).find();
    if (otherScale && platform.name().startsWith("landsat")) {
      throw SceneException.permanent(
          key,
          "expected Collection 2 of Landsat for platform %s, found collection %s, id %s: its reflectance has another scale"
              .formatted(platform.name(), Printable.of(collection), Printable.of(id)));
    }
    return Scene.builder(key)
        .uri(uri(files.bands().get(0).object(), located))
        .itemId(id)
        .datetime(datetime)
        .gsd(files.gsd())
        .bands(files.bands())
        .mask(files.mask())
        .nodataByValue(files.mask().isEmpty())
        .storedOffset(storedOffset(platform))
        .build();
  }

  /**
   * Returns the item's location in the original archive: its key, in the bucket of its first band;
   * or the first band if the item has no location.
   */
  private String uri(ObjectRef band, boolean located) {
    if (key.contains("://")) {
      return key;
    }
    return located ? band.bucketUri().map(bucket -> bucket + "/" + key).orElse(key) : band.name();
  }

  /**
   * Checks that a Landsat item is of the platform's collection: the scales of reflectance differ.
   */
  private void requireCollection(Platform platform) throws SceneException {
    if (platform.name().equals("landsat-c2l2-sr") && LANDSAT_COLLECTION_1.matcher(id).matches()) {
      throw SceneException.permanent(
          key,
          "expected Collection 2 of Landsat for platform %s, found Collection 1 in id %s: its reflectance has another scale"
              .formatted(platform.name(), Printable.of(id)));
    }
  }

  /**
   * Returns the evidence in the metadata of the +1000 that Sentinel-2 products contain since
   * processing baseline 04.00. Collection 1 contains it. In other collections the baseline decides,
   * unless {@code earthsearch:boa_offset_applied} is true. A false value is ignored, because it is
   * known to be wrong in some items. Products of providers that remove it contain none.
   */
  StoredOffset storedOffset(Platform platform) {
    if (!platform.name().equals("sentinel-2-l2a")
        || boaOffsetApplied.orElse(false)
        || WITHOUT_OFFSET.matcher(collection).find()
        || WITHOUT_OFFSET.matcher(id).find()) {
      return StoredOffset.NONE;
    }
    Optional<String> baseline = processingBaseline;
    if (baseline.filter(stated -> stated.compareTo(FIRST_BASELINE_WITH_OFFSET) < 0).isPresent()) {
      return StoredOffset.NONE;
    }
    if (collection.equals("sentinel-2-c1-l2a")) {
      return StoredOffset.CERTAIN;
    }
    return baseline.isPresent() ? StoredOffset.PROBABLE : StoredOffset.UNKNOWN;
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

  /**
   * {@return whether an asset is a TIFF}
   *
   * @param asset as JSON
   */
  public static boolean isTiff(JsonNode asset) {
    return StacAsset.isTiff(href(asset), asset.path("type").asString(""));
  }

  private static StacAsset asset(
      String name, JsonNode asset, JsonNode properties, boolean inherits) {
    // The item's fields apply to all assets that do not have their own.
    Function<String, JsonNode> field =
        key -> asset.hasNonNull(key) ? asset.path(key) : properties.path(key);
    return new StacAsset(
        name,
        href(asset),
        asset.path("type").asString(""),
        list(asset.path("roles"), JsonNode::isString, node -> node.asString()),
        bands(asset, properties, inherits),
        crs(field),
        shape(field.apply("proj:shape")),
        list(field.apply("proj:transform"), JsonNode::isNumber, StacItem::value),
        metres(asset.path("gsd")),
        number(asset.path("nodata")),
        scale(asset.path("raster:scale"), asset.path("raster:offset")),
        texts(asset.path("unit"), asset.path("title"), asset.path("description")));
  }

  private static String href(JsonNode asset) {
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
   */
  private static List<StacBand> bands(JsonNode asset, JsonNode properties, boolean inherits) {
    JsonNode now = list(asset, properties, "bands", inherits);
    JsonNode named = list(asset, properties, "eo:bands", inherits);
    JsonNode stored = asset.path("raster:bands");
    List<StacBand> bands = new ArrayList<>();
    for (int i = 0; i < Math.max(now.size(), Math.max(named.size(), stored.size())); i++) {
      JsonNode band = now.path(i);
      JsonNode older = named.path(i);
      if (older.isInt()) {
        older = properties.path("eo:bands").path(older.intValue());
      }
      JsonNode raster = stored.path(i);
      bands.add(
          new StacBand(
              first(band.path("name"), older.path("name")),
              first(
                  band.path("eo:common_name"),
                  band.path("common_name"),
                  older.path("common_name"),
                  older.path("eo:common_name")),
              firstNumber(band.path("nodata"), raster.path("nodata")),
              scale(band.path("raster:scale"), band.path("raster:offset"))
                  .or(() -> scale(raster.path("scale"), raster.path("offset"))),
              texts(
                  band.path("unit"),
                  band.path("description"),
                  older.path("description"),
                  raster.path("unit"))));
    }
    return bands;
  }

  /** Returns the list of bands of an asset, or else of the item if it has one image only. */
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

  private static OptionalDouble firstNumber(JsonNode first, JsonNode second) {
    OptionalDouble number = number(first);
    return number.isPresent() ? number : number(second);
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
