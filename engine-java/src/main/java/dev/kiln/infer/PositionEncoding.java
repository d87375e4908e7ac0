package dev.kiln.infer;

import java.nio.FloatBuffer;

/**
 * Position encoding of the patches of a chip, in metres. The values for row y and column x of the
 * grid of patches are {@code sin(x·w), cos(x·w), sin(y·w), cos(y·w)} with {@code w = omega · gsd}
 * and the model's frequencies {@code omega}; the encoder adds them to the patch's token.
 */
public final class PositionEncoding {
  private final float[] omega;
  private final int side;
  private final int dim;

  /**
   * Creates the encoding of a model and chip size.
   *
   * @param omega frequencies at a gsd of 1 m
   * @param side patches along the edge of a chip
   * @param dim length of a token; values after the four parts are not written
   */
  public PositionEncoding(float[] omega, int side, int dim) {
    this.omega = omega;
    this.side = side;
    this.dim = dim;
  }

  /**
   * Writes the encoding of every patch.
   *
   * @param gsd ground sample distance in metres per pixel
   * @param out receives {@code [L, dim]}
   */
  public void write(float gsd, FloatBuffer out) {
    int quarter = omega.length;
    float[][] waves = new float[side][2 * quarter];
    for (int i = 0; i < side; i++) {
      for (int k = 0; k < quarter; k++) {
        float angle = i * (omega[k] * gsd);
        waves[i][k] = (float) Math.sin(angle);
        waves[i][quarter + k] = (float) Math.cos(angle);
      }
    }
    for (int patch = 0; patch < side * side; patch++) {
      out.put(patch * dim, waves[patch % side]);
      out.put(patch * dim + 2 * quarter, waves[patch / side]);
    }
  }
}
