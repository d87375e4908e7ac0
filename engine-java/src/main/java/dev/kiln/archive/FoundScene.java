package dev.kiln.archive;

import dev.kiln.error.SceneException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * An item that a search found, as far as choosing among items needs it.
 *
 * @param sceneKey key or whole URI of the item
 * @param item the item
 * @param cloud share of cloud in the whole scene, 0 to 1, as the catalogue states it
 * @param tile the tile of a fixed grid that the scene covers; empty if the item names none
 */
public record FoundScene(String sceneKey, StacItem item, OptionalDouble cloud, String tile) {
  /** Properties that name a tile, each as one list of properties that together do. */
  private static final List<List<String>> TILES =
      List.of(
          List.of("grid:code"),
          List.of("s2:mgrs_tile"),
          List.of("mgrs:utm_zone", "mgrs:latitude_band", "mgrs:grid_square"),
          List.of("sentinel:utm_zone", "sentinel:latitude_band", "sentinel:grid_square"),
          List.of("landsat:wrs_type", "landsat:wrs_path", "landsat:wrs_row"),
          List.of("modis:horizontal-tile", "modis:vertical-tile"),
          List.of("odc:region_code"));

  /** Tiles in ids: of Sentinel-2 and HLS ({@code T14TPQ}), Landsat and MODIS. */
  private static final Pattern TILE_OF_ID =
      Pattern.compile(
          "(?<![A-Za-z0-9])T(\\d{2}[C-X][A-Z]{2})(?![A-Za-z0-9])"
              + "|^L[COTEM]0\\d_L\\d[A-Z]{2}_(\\d{6})_|\\.(h\\d{2}v\\d{2})\\.");

  /**
   * Reads a search's item.
   *
   * @param sceneKey key or whole URI of the item
   * @param json the item
   * @return the candidate
   * @throws SceneException permanent if it is not a STAC item or has no time
   */
  public static FoundScene of(String sceneKey, JsonNode json) throws SceneException {
    JsonNode properties = json.path("properties");
    JsonNode cloud = properties.path("eo:cloud_cover");
    boolean stated = cloud.isNumber() && cloud.asDouble() >= 0 && cloud.asDouble() <= 100;
    return new FoundScene(
        sceneKey,
        StacItem.of(sceneKey, json),
        stated ? OptionalDouble.of(cloud.asDouble() / 100) : OptionalDouble.empty(),
        tile(json.path("id").asString(""), properties));
  }

  /**
   * Returns the candidate under another key.
   *
   * @param key key of the item in its source
   * @return the candidate
   */
  public FoundScene withKey(String key) {
    return new FoundScene(key, item.withKey(key), cloud, tile);
  }

  private static String tile(String id, JsonNode properties) {
    for (List<String> names : TILES) {
      if (names.stream().allMatch(properties::hasNonNull)) {
        return String.join("-", names.stream().map(name -> text(properties.path(name))).toList());
      }
    }
    Matcher named = TILE_OF_ID.matcher(id);
    return named.find()
        ? Stream.of(1, 2, 3).map(named::group).filter(Objects::nonNull).findFirst().orElse("")
        : "";
  }

  private static String text(JsonNode value) {
    return Optional.of(value.asString("")).filter(text -> !text.isEmpty()).orElse(value.toString());
  }
}
