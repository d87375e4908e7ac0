package dev.kiln.sink;

import dev.kiln.chip.Chip;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The whole of one finished scene: its surviving chips and their embeddings.
 *
 * @param info what all rows share
 * @param chips in grid order; can be empty
 * @param embeddings {@code [chips, dim]}, row-major; owned by the table from now on, not copied
 * @param decisions decisions that changed the vectors, by name
 */
public record SceneTable(
    SceneInfo info, List<Chip> chips, float[] embeddings, Map<String, String> decisions) {

  /**
   * Creates a table of a scene without decisions.
   *
   * @param info what all rows share
   * @param chips one per row
   * @param embeddings {@code [chips, dim]}, row-major; owned by the table
   */
  public SceneTable(SceneInfo info, List<Chip> chips, float[] embeddings) {
    this(info, chips, embeddings, Map.of());
  }

  /** Copies the chips and checks the shapes. */
  public SceneTable {
    chips = List.copyOf(chips);
    decisions = Collections.unmodifiableMap(new TreeMap<>(decisions));
    if (embeddings.length != Math.multiplyExact(chips.size(), info.dim())) {
      throw new IllegalArgumentException(
          "%s: expected %d chips x %d values, found %d values"
              .formatted(info.itemId(), chips.size(), info.dim(), embeddings.length));
    }
  }

  /** {@return all rows} */
  public ChipRows rows() {
    return new ChipRows(chips, embeddings);
  }
}
