package dev.kiln.awsbatch;

import dev.kiln.archive.NaipKey;
import dev.kiln.archive.Sentinel2Key;
import dev.kiln.error.SceneException;
import dev.kiln.raster.ChipLayout;
import java.util.Optional;

/**
 * Size of a scene, estimated from its key before anything is read.
 *
 * @param platform such as {@code naip}
 * @param chips chips on its grid
 * @param bytes compressed size of its tiles
 * @param objects objects that are read
 */
public record SceneShape(String platform, double chips, double bytes, int objects) {
  /** Quarter quadrangle with its margin in metres: 12,666 × 9,704 pixels of 0.6 m. */
  private static final double NAIP_WIDTH = 12_666 * 0.6;

  private static final double NAIP_HEIGHT = 9_704 * 0.6;

  /** Compressed bytes per raw byte: DEFLATE over four 8-bit bands, measured on parts of scenes. */
  private static final double NAIP_COMPRESSION = 0.5;

  /** Edge of a Sentinel-2 tile in pixels of 10 m. */
  private static final int SENTINEL_2_EDGE = 10_980;

  /** Four bands of 10 m, six of 20 m, and the scene classification. */
  private static final double SENTINEL_2_BYTES = 4 * 150e6 + 6 * 42e6 + 2e6;

  /** Ten bands, the scene classification and the STAC item. */
  private static final int SENTINEL_2_OBJECTS = 12;

  /**
   * Returns the size of a scene; empty for archives whose scenes differ in size.
   *
   * @param layout of chips
   */
  public static Optional<SceneShape> of(String sceneKey, ChipLayout layout) {
    if (sceneKey.endsWith(".tif")) {
      try {
        return Optional.of(naip(NaipKey.parse(sceneKey).gsd(), layout));
      } catch (SceneException e) {
        return Optional.empty();
      }
    }
    return Sentinel2Key.parse(sceneKey).map(parsed -> sentinel2(layout));
  }

  private static SceneShape naip(double gsd, ChipLayout layout) {
    // Round to the nearest pixel: 12,666 pixels must not become 12,665.
    int width = (int) Math.floor(NAIP_WIDTH / gsd + 0.5);
    int height = (int) Math.floor(NAIP_HEIGHT / gsd + 0.5);
    double bytes = (double) width * height * 4 * NAIP_COMPRESSION;
    return new SceneShape("naip", layout.count(width, height), bytes, 1);
  }

  private static SceneShape sentinel2(ChipLayout layout) {
    return new SceneShape(
        "sentinel-2-l2a",
        layout.count(SENTINEL_2_EDGE, SENTINEL_2_EDGE),
        SENTINEL_2_BYTES,
        SENTINEL_2_OBJECTS);
  }
}
