package dev.kiln.run;

import dev.kiln.chip.Chip;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * The rows that one strip adds to the file of its scene: chips, and their embeddings as they are
 * delivered. Guarded by the scene's {@link SceneAssembly}.
 */
final class StripRows {
  private final List<Chip> chips;
  private final List<float[]> locations;
  private final int dim;
  private final float[] embeddings;
  private int missing;
  private boolean endsRows;

  /**
   * Creates rows without embeddings.
   *
   * @param chips in the order of the rows
   * @param locations encodings of the chips' locations, one per chip
   * @param dim length of an embedding
   */
  StripRows(List<Chip> chips, List<float[]> locations, int dim) {
    this.chips = List.copyOf(chips);
    this.locations = List.copyOf(locations);
    this.dim = dim;
    this.embeddings = new float[Math.multiplyExact(chips.size(), dim)];
    this.missing = chips.size();
  }

  int size() {
    return chips.size();
  }

  Chip chip(int row) {
    return chips.get(row);
  }

  List<Chip> chips() {
    return chips;
  }

  float[] location(int row) {
    return locations.get(row);
  }

  /**
   * Copies the embedding of one row from a batch {@code [n, dim]}.
   *
   * @return whether it was the last one missing
   */
  boolean deliver(int row, FloatBuffer batch, int batchRow) {
    batch.get(batchRow * dim, embeddings, row * dim, dim);
    missing--;
    return missing == 0;
  }

  boolean isComplete() {
    return missing == 0;
  }

  /** Records that these rows complete rows of the grid. */
  void endRows() {
    endsRows = true;
  }

  /** Returns whether the grid's rows are complete with these. */
  boolean endsRows() {
    return endsRows;
  }

  /** Copies the embedding of one row to row {@code at} of {@code [rows, dim]}. */
  void copyTo(int row, float[] rows, int at) {
    System.arraycopy(embeddings, row * dim, rows, at * dim, dim);
  }
}
