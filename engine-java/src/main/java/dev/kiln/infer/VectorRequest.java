package dev.kiln.infer;

import dev.kiln.error.ConfigurationException;

/**
 * Which vectors of a chip are computed besides its embedding, the class token.
 *
 * @param mean whether the mean of the patch tokens is computed
 * @param patchGrid edge of the grid that patch tokens are averaged on; {@link #NO_PATCHES} or
 *     {@link #ALL_PATCHES}
 */
public record VectorRequest(boolean mean, int patchGrid) {
  /** No vectors of patches. */
  public static final int NO_PATCHES = 0;

  /** The token of every patch. */
  public static final int ALL_PATCHES = -1;

  /** The embedding alone. */
  public static final VectorRequest CHIP = new VectorRequest(false, NO_PATCHES);

  /** {@return whether the last block has to be computed for all tokens} */
  public boolean needsTokens() {
    return mean || patchGrid != NO_PATCHES;
  }

  /**
   * {@return the layout of the vectors of a chip}
   *
   * @param dim length of a token
   * @param side patches along the edge of a chip
   * @throws ConfigurationException if the patches cannot be divided into the grid
   */
  public VectorLayout layout(int dim, int side) {
    int grid = patchGrid == ALL_PATCHES ? side : patchGrid;
    if (grid != NO_PATCHES && side % grid != 0) {
      throw new ConfigurationException(
          "--patch-grid: expected a divisor of %d, the patches along the edge of a chip, found %d"
              .formatted(side, grid));
    }
    return new VectorLayout(dim, mean, grid);
  }
}
