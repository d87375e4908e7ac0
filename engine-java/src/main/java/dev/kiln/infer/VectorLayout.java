package dev.kiln.infer;

import java.nio.FloatBuffer;

/**
 * The vectors of a chip, one after the other: its embedding (the class token); the mean of its
 * patch tokens; the means of the patch tokens in each cell of a grid, row by row from the upper
 * left. The last two are optional.
 *
 * @param dim length of a vector
 * @param mean whether the mean is there
 * @param patchGrid edge of the grid; 0 without it
 */
public record VectorLayout(int dim, boolean mean, int patchGrid) {
  /**
   * {@return the layout of a chip's embedding alone}
   *
   * @param dim length of an embedding
   */
  public static VectorLayout ofEmbedding(int dim) {
    return new VectorLayout(dim, false, 0);
  }

  /** {@return the number of vectors of the grid} */
  public int patches() {
    return patchGrid * patchGrid;
  }

  /** {@return the number of values of a chip} */
  public int length() {
    return Math.multiplyExact(dim, 1 + (mean ? 1 : 0) + patches());
  }

  /** {@return whether there are vectors besides the embedding} */
  public boolean needsTokens() {
    return mean || patchGrid > 0;
  }

  /** {@return where the first vector of the grid starts} */
  public int patchesAt() {
    return mean ? 2 * dim : dim;
  }

  /**
   * Writes the vectors of a chip.
   *
   * @param tokens class token and patch tokens {@code [1 + side·side, dim]}
   * @param tokensAt where they start
   * @param side patches along the edge of the chip, a multiple of {@link #patchGrid}
   * @param out receives the vectors
   * @param at where they start
   */
  public void write(FloatBuffer tokens, int tokensAt, int side, FloatBuffer out, int at) {
    out.put(at, tokens, tokensAt, dim);
    int patchTokens = tokensAt + dim;
    if (mean) {
      average(tokens, patchTokens, side, 0, 0, side, out, at + dim);
    }
    if (patchGrid > 0) {
      int edge = side / patchGrid;
      for (int cell = 0; cell < patches(); cell++) {
        int row = cell / patchGrid * edge;
        int column = cell % patchGrid * edge;
        average(tokens, patchTokens, side, row, column, edge, out, at + patchesAt() + cell * dim);
      }
    }
  }

  /** Writes the mean of the tokens of a square, summed in double precision. */
  private void average(
      FloatBuffer tokens,
      int first,
      int side,
      int row,
      int column,
      int edge,
      FloatBuffer out,
      int at) {
    double[] sum = new double[dim];
    for (int y = row; y < row + edge; y++) {
      for (int x = column; x < column + edge; x++) {
        int token = first + (y * side + x) * dim;
        for (int d = 0; d < dim; d++) {
          sum[d] += tokens.get(token + d);
        }
      }
    }
    for (int d = 0; d < dim; d++) {
      out.put(at + d, (float) (sum[d] / (edge * edge)));
    }
  }
}
