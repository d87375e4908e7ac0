package dev.kiln.sink;

/**
 * Which vectors a file has, and how they are stored.
 *
 * @param type of their values
 * @param mean whether a column has the mean of the patch tokens
 * @param patchGrid 0 for a file with a row per chip; else the edge of the grid of patches of a
 *     chip, each of which is a row
 */
public record VectorColumns(VectorType type, boolean mean, int patchGrid) {
  /** The embedding of each chip, in float32. */
  public static final VectorColumns PLAIN = new VectorColumns(VectorType.FLOAT32, false, 0);

  /** Checks that a file has either chips or patches. */
  public VectorColumns {
    if (mean && patchGrid > 0) {
      throw new IllegalArgumentException("expected means of chips, found a file of patches");
    }
  }
}
