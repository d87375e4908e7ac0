package dev.kiln.archive;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/**
 * One file of a STAC item. Fields that the item states for all its assets are copied to each asset.
 *
 * @param name key of the asset, such as {@code red}
 * @param href as in the item; its S3 alternate if it has one
 * @param type media type; may be empty
 * @param roles such as {@code data} or {@code visual}
 * @param bands in file order; empty if the item does not describe them
 * @param crs {@code EPSG:…}, WKT2 or PROJJSON
 * @param shape {@code proj:shape}: lines, pixels per line; or empty
 * @param transform {@code proj:transform}: six coefficients from pixel to CRS, row by row; or empty
 * @param gsd metres per pixel
 * @param nodata value that means "no data" in bands without their own
 * @param scale conversion of stored values in bands without their own
 * @param words what the item states about the values of all bands in words: unit, title and
 *     description
 * @param contradiction how the item's lists of bands contradict each other; empty if they do not
 */
public record StacAsset(
    String name,
    String href,
    String type,
    List<String> roles,
    List<StacBand> bands,
    Optional<String> crs,
    List<Integer> shape,
    List<Double> transform,
    OptionalDouble gsd,
    OptionalDouble nodata,
    Optional<StatedScale> scale,
    List<String> words,
    Optional<String> contradiction) {

  private static final Pattern DISPLAY_NAME =
      Pattern.compile(
          "(?i)(visual|overview|thumbnail|quicklook|preview|rendered_preview)([_-]?\\d+)?");

  /** Copies the lists. */
  public StacAsset {
    roles = List.copyOf(roles);
    bands = List.copyOf(bands);
    shape = List.copyOf(shape);
    transform = List.copyOf(transform);
    words = List.copyOf(words);
  }

  /**
   * Returns whether the file is a TIFF, by media type, or by suffix if the type is missing or
   * generic.
   *
   * @return whether it is a TIFF
   */
  public boolean isTiff() {
    return isTiff(href, type);
  }

  /** Returns whether a file is a TIFF, as {@link #isTiff()} does. */
  static boolean isTiff(String href, String type) {
    // image/tiff and image/vnd.stac.geotiff
    String media = type.toLowerCase(Locale.ROOT);
    if (!media.isEmpty() && !media.contains("octet-stream")) {
      return media.contains("tiff") || media.equals("image/tif");
    }
    String file = href.replaceFirst("[?#].*", "").toLowerCase(Locale.ROOT);
    return file.endsWith(".tif") || file.endsWith(".tiff");
  }

  /**
   * Returns whether the file is an image for display, whose pixels are not those of the sensor: by
   * its roles, or by its name if it has none.
   */
  boolean isForDisplay() {
    return roles.isEmpty()
        ? DISPLAY_NAME.matcher(name).matches()
        : roles.contains("visual") || roles.contains("overview") || roles.contains("thumbnail");
  }
}
