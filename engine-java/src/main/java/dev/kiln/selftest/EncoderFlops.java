package dev.kiln.selftest;

import dev.kiln.model.Architecture;

/**
 * Counts the floating-point operations of the matrix products of one chip: patch embedding, then in
 * each block q, k, v and the output projection, attention, and the MLP. A multiplication and an
 * addition are two operations.
 */
public final class EncoderFlops {
  private EncoderFlops() {}

  /**
   * Returns the operations of the whole model, as usually counted.
   *
   * @param chipSize edge in pixels
   * @param bands of the platform
   */
  public static double nominal(Architecture model, int chipSize, int bands) {
    double tokens = patches(chipSize) + 1;
    return embedding(model, chipSize, bands) + model.depth() * block(model, tokens, tokens);
  }

  /**
   * Returns the operations that are executed: the last block computes keys and values of all
   * tokens, and everything else for the class token only.
   *
   * @param chipSize edge in pixels
   * @param bands of the platform
   */
  public static double executed(Architecture model, int chipSize, int bands) {
    double tokens = patches(chipSize) + 1;
    return embedding(model, chipSize, bands)
        + (model.depth() - 1) * block(model, tokens, tokens)
        + block(model, tokens, 1);
  }

  private static double patches(int chipSize) {
    double side = (double) chipSize / Architecture.PATCH;
    return side * side;
  }

  private static double embedding(Architecture model, int chipSize, int bands) {
    return 2 * patches(chipSize) * bands * Architecture.patchPixels() * model.dim();
  }

  /**
   * Returns the operations of one block.
   *
   * @param outputs number of tokens whose output is needed
   */
  private static double block(Architecture model, double tokens, double outputs) {
    double keysAndValues = 2 * tokens * model.dim() * 2 * model.inner();
    double queriesAndOutput = 2 * outputs * model.dim() * 2 * model.inner();
    double attention = 2 * 2 * outputs * tokens * model.inner();
    double mlp = 2 * 2 * outputs * model.dim() * model.mlpDim();
    return keysAndValues + queriesAndOutput + attention + mlp;
  }
}
