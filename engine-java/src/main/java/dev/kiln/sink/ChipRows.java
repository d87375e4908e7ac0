package dev.kiln.sink;

import dev.kiln.chip.Chip;
import java.util.List;

/**
 * Rows of a scene's file: chips and their embeddings.
 *
 * @param chips in the order of the rows; can be empty
 * @param embeddings {@code [chips, dim]}, row-major, or {@code [chips, patches, dim]} for a file of
 *     patches; borrowed, not copied
 * @param means of the patch tokens, {@code [chips, dim]}; empty for a file without them; borrowed
 */
public record ChipRows(List<Chip> chips, float[] embeddings, float[] means) {
  /**
   * Creates rows without means.
   *
   * @param chips one per row
   * @param embeddings {@code [chips, dim]}, row-major
   */
  public ChipRows(List<Chip> chips, float[] embeddings) {
    this(chips, embeddings, new float[0]);
  }

  /** Copies the list of chips. */
  public ChipRows {
    chips = List.copyOf(chips);
  }

  /** {@return the number of chips} */
  public int size() {
    return chips.size();
  }
}
