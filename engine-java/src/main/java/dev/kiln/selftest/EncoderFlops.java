package dev.kiln.selftest;

import dev.kiln.model.Architecture;

/** How much an encoder has to compute. A multiplication and an addition are two operations. */
final class EncoderFlops {
  private EncoderFlops() {}

  /**
   * Operations of the matrix products of one chip: patch embedding, then in each block q, k, v and
   * their way out, attention, and the MLP.
   *
   * @param chip edge in pixels
   * @param bands of the platform
   */
  static double flops(Architecture model, int chip, int bands) {
    double patches = (double) (chip / Architecture.PATCH) * (chip / Architecture.PATCH);
    double tokens = patches + 1;
    double embedding = 2 * patches * bands * Architecture.patchPixels() * model.dim();
    double projections = 2 * tokens * model.dim() * 4 * model.inner();
    double attention = 2 * 2 * tokens * tokens * model.inner();
    double mlp = 2 * 2 * tokens * model.dim() * model.mlpDim();
    return embedding + model.depth() * (projections + attention + mlp);
  }
}
