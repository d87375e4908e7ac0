package dev.kiln.awsbatch;

import dev.kiln.archive.NaipKey;
import dev.kiln.archive.Sentinel2Key;
import dev.kiln.error.SceneException;
import java.util.Optional;

/**
 * What a scene holds, as far as its key tells: an estimate before anything is read.
 *
 * @param platform such as {@code naip}
 * @param chips whole chips of 256 × 256 pixels on its grid, none left out
 * @param bytes of its tiles as they are stored
 * @param objects that are read for it
 */
public record SceneShape(String platform, double chips, double bytes, int objects) {
  /** Pixels on a chip's edge. */
  private static final int CHIP = 256;

  /** A quarter quadrangle with its margin, metres: 12,666 × 9,704 pixels of 0.6 m. */
  private static final double NAIP_WIDTH = 12_666 * 0.6;

  private static final double NAIP_HEIGHT = 9_704 * 0.6;

  /** Stored bytes of a raw one: DEFLATE over four bands of 8 bits, measured on clips of scenes. */
  private static final double NAIP_PACKED = 0.5;

  /** Pixels on the edge of a Sentinel-2 square at 10 m. */
  private static final int SENTINEL_2 = 10_980;

  /** Four bands of 10 m, six of 20 m, the classification. */
  private static final double SENTINEL_2_BYTES = 4 * 150e6 + 6 * 42e6 + 2e6;

  /** The bands, the classification and the item. */
  private static final int SENTINEL_2_OBJECTS = 12;

  /** What is known of the scene of this key; empty for archives whose scenes differ in size. */
  public static Optional<SceneShape> of(String key) {
    if (key.endsWith(".tif")) {
      try {
        return Optional.of(naip(NaipKey.parse(key).gsd()));
      } catch (SceneException e) {
        return Optional.empty();
      }
    }
    return Sentinel2Key.parse(key).map(parsed -> sentinel2());
  }

  private static SceneShape naip(double gsd) {
    // As if half a pixel more: 12,666 pixels must not become 12,665 by rounding.
    double width = Math.floor(NAIP_WIDTH / gsd + 0.5);
    double height = Math.floor(NAIP_HEIGHT / gsd + 0.5);
    double chips = Math.floor(width / CHIP) * Math.floor(height / CHIP);
    return new SceneShape("naip", chips, width * height * 4 * NAIP_PACKED, 1);
  }

  private static SceneShape sentinel2() {
    double side = Math.floor((double) SENTINEL_2 / CHIP);
    return new SceneShape("sentinel-2-l2a", side * side, SENTINEL_2_BYTES, SENTINEL_2_OBJECTS);
  }
}
