package dev.kiln.sink;

import java.time.Instant;

/**
 * What all rows of a scene's file share.
 *
 * @param itemId the scene's item id
 * @param platform such as {@code naip}
 * @param datetime when the scene was acquired
 * @param gsd ground sample distance in metres per pixel
 * @param uri where the archive stores the scene
 * @param chipSize edge of a chip in pixels
 * @param stride distance from one chip to the next in pixels
 * @param dim length of an embedding
 */
public record SceneInfo(
    String itemId,
    String platform,
    Instant datetime,
    double gsd,
    String uri,
    int chipSize,
    int stride,
    int dim) {

  /**
   * Describes a scene whose chips are next to each other.
   *
   * @param itemId the scene's item id
   * @param platform such as {@code naip}
   * @param datetime when the scene was acquired
   * @param gsd ground sample distance in metres per pixel
   * @param uri where the archive stores the scene
   * @param chipSize edge of a chip in pixels, and distance to the next
   * @param dim length of an embedding
   */
  public SceneInfo(
      String itemId,
      String platform,
      Instant datetime,
      double gsd,
      String uri,
      int chipSize,
      int dim) {
    this(itemId, platform, datetime, gsd, uri, chipSize, chipSize, dim);
  }

  /** Checks the sizes. */
  public SceneInfo {
    if (dim < 1 || chipSize < 1 || stride < 1) {
      throw new IllegalArgumentException(
          "%s: expected positive dim, chip size and stride, found %d, %d and %d"
              .formatted(itemId, dim, chipSize, stride));
    }
  }
}
