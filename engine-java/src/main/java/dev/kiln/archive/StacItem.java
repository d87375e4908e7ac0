package dev.kiln.archive;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
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
 * @param levels names of the product's level by property: {@code landsat:correction}, such as
 *     {@code L2SP}, {@code processing:level}, {@code s2:product_type}
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
    Map<String, String> levels,
    Map<String, StacAsset> assets) {

  /** Copies the maps. */
  public StacItem {
    levels = Collections.unmodifiableMap(new LinkedHashMap<>(levels));
    assets = Collections.unmodifiableMap(new LinkedHashMap<>(assets));
  }

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
      return StacItemReader.read(key, json);
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
        other, id, collection, datetime, gsd, boaOffsetApplied, processingBaseline, levels, assets);
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
    product().require(key, platform);
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
    product().require(key, platform);
    boolean located = !key.equals(ItemLine.keyById(collection, id));
    return scene(ItemAssets.map(this, platform, masked, aliases), platform, located);
  }

  private Scene scene(ItemAssets files, Platform platform, boolean located) throws SceneException {
    SceneProduct.requireFiles(key, files.bands(), platform);
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

  private SceneProduct product() {
    return new SceneProduct(collection, id, levels, processingBaseline, boaOffsetApplied);
  }

  /** Returns the evidence in the metadata of Sentinel-2's offset of +1000. */
  StoredOffset storedOffset(Platform platform) {
    return product().storedOffset(platform);
  }

  /**
   * {@return whether an asset is a TIFF}
   *
   * @param asset as JSON
   */
  public static boolean isTiff(JsonNode asset) {
    return StacAsset.isTiff(StacItemReader.href(asset), asset.path("type").asString(""));
  }
}
