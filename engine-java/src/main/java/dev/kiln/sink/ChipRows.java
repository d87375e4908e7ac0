package dev.kiln.sink;

import dev.kiln.chip.Chip;
import java.util.List;

/**
 * Rows of a scene's file: chips and their embeddings.
 *
 * @param chips in the order of the rows; can be empty
 * @param embeddings {@code [chips, dim]}, row-major; borrowed, not copied
 */
public record ChipRows(List<Chip> chips, float[] embeddings) {
  /** Copies the list of chips. */
  public ChipRows {
    chips = List.copyOf(chips);
  }

  /** {@return the number of rows} */
  public int size() {
    return chips.size();
  }
}
