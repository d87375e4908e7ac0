package dev.kiln.sink;

import dev.kiln.chip.Chip;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The whole of one finished scene: its surviving chips and their embeddings.
 *
 * @param itemId the scene's item id
 * @param platform such as {@code naip}
 * @param datetime when the scene was acquired
 * @param gsd ground sample distance in metres per pixel
 * @param uri where the archive stores the scene
 * @param chipSize edge of a chip in pixels
 * @param chips in grid order; can be empty
 * @param embeddings {@code [chips, dim]}, row-major; owned by the table from now on, not copied
 * @param dim length of an embedding
 * @param decisions decisions that changed the vectors, by name
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
    int dim,
    Map<String, String> decisions) {

  /**
   * Creates a table of a scene without decisions.
   *
   * @param itemId id of the scene
   * @param platform of the sensor
   * @param datetime of acquisition, UTC
   * @param gsd metres per pixel
   * @param uri location of the scene in its archive
   * @param chipSize edge in pixels
   * @param chips one per row
   * @param embeddings {@code [chips, dim]}, row-major; owned by the table
   * @param dim length of an embedding
   */
  public SceneTable(
      String itemId,
      String platform,
      Instant datetime,
      double gsd,
      String uri,
      int chipSize,
      List<Chip> chips,
      float[] embeddings,
      int dim) {
    this(itemId, platform, datetime, gsd, uri, chipSize, chips, embeddings, dim, Map.of());
  }

  /** Copies the chips and checks the shapes. */
  public SceneTable {
    chips = List.copyOf(chips);
    decisions = Collections.unmodifiableMap(new TreeMap<>(decisions));
    if (dim < 1 || chipSize < 1) {
      throw new IllegalArgumentException(
          "%s: expected positive dim and chip size, found %d and %d"
              .formatted(itemId, dim, chipSize));
    }
    if (embeddings.length != Math.multiplyExact(chips.size(), dim)) {
      throw new IllegalArgumentException(
          "%s: expected %d chips x %d values, found %d values"
              .formatted(itemId, chips.size(), dim, embeddings.length));
    }
  }

  /** {@return what all rows share} */
  public SceneInfo info() {
    return new SceneInfo(itemId, platform, datetime, gsd, uri, chipSize, chipSize, dim);
  }

  /** {@return all rows} */
  public ChipRows rows() {
    return new ChipRows(chips, embeddings);
  }
}
