package dev.kiln.sink;

import dev.kiln.chip.Chip;
import java.time.Instant;
import java.util.List;

/**
 * The rows of one finished scene: its surviving chips and their embeddings.
 *
 * @param itemId the scene's item id
 * @param platform such as {@code naip}
 * @param datetime when the scene was acquired
 * @param gsd ground sample distance in metres per pixel
 * @param uri where the scene was read from
 * @param chipSize side of a chip in pixels
 * @param chips in grid order; may be empty
 * @param embeddings [chips, dim] row by row; owned by the table from here on, not copied
 * @param dim length of one embedding
 */
public record SceneTable(
    String itemId,
    String platform,
    Instant datetime,
    double gsd,
    String uri,
    int chipSize,
    List<Chip> chips,
    float[] embeddings,
    int dim) {

  public SceneTable {
    chips = List.copyOf(chips);
    if (dim < 1 || chipSize < 1) {
      throw new IllegalArgumentException(
          itemId + ": dim and chip size must be positive, found " + dim + " and " + chipSize);
    }
    if (embeddings.length != Math.multiplyExact(chips.size(), dim)) {
      throw new IllegalArgumentException(
          "%s: expected %d chips x %d values, found %d values"
              .formatted(itemId, chips.size(), dim, embeddings.length));
    }
  }
}
