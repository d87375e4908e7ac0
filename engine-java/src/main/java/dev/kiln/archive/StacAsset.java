package dev.kiln.archive;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One file of a STAC item. Fields that an item states once for all its assets stand in each.
 *
 * @param name its key among the assets, such as {@code red}
 * @param href as written; an S3 alternate is preferred where the item has one
 * @param type media type; may be empty
 * @param roles such as {@code data} or {@code visual}
 * @param bands in file order; empty if the item does not describe them
 * @param crs {@code EPSG:…}, WKT2 or PROJJSON
 * @param shape {@code proj:shape}: lines, pixels a line; or empty
 * @param transform {@code proj:transform}: six coefficients from pixel to CRS, row by row; or empty
 * @param gsd metres per pixel
 * @param nodata what means "no data" in bands that do not say
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
    OptionalDouble nodata) {

  public StacAsset {
    roles = List.copyOf(roles);
    bands = List.copyOf(bands);
    shape = List.copyOf(shape);
    transform = List.copyOf(transform);
  }

  /** Returns whether it is a TIFF, by media type, or by suffix if that is missing or generic. */
  public boolean isTiff() {
    String file = href.replaceFirst("[?#].*", "").toLowerCase(Locale.ROOT);
    // Besides image/tiff there is image/vnd.stac.geotiff.
    String media = type.toLowerCase(Locale.ROOT);
    return media.isEmpty() || media.contains("octet-stream")
        ? file.endsWith(".tif") || file.endsWith(".tiff")
        : media.contains("tiff");
  }

  /** Whether it is made to be looked at, and its pixels are not the sensor's. */
  boolean isForDisplay() {
    return roles.contains("visual") || roles.contains("overview") || roles.contains("thumbnail");
  }
}
