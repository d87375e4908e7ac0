package dev.kiln.infer;

import java.nio.FloatBuffer;

/**
 * Where a patch lies, in metres, as sines and cosines: what the encoder adds to its token. The
 * frequencies are the model's; for row y and column x of the chip's grid of patches the numbers are
 * {@code sin(x·w), cos(x·w), sin(y·w), cos(y·w)} with {@code w = omega · gsd}.
 */
public final class PositionEncoding {
  private final float[] omega;
  private final int side;
  private final int dim;

  /**
   * @param omega frequencies at a gsd of 1
   * @param side patches along a chip's edge
   * @param dim length of a token; what is left of it after the four parts is not written
   */
  public PositionEncoding(float[] omega, int side, int dim) {
    this.omega = omega;
    this.side = side;
    this.dim = dim;
  }

  /**
   * @param metres ground sample distance
   * @param out {@code [L, dim]}
   */
  public void write(float metres, FloatBuffer out) {
    int q = omega.length;
    float[][] waves = new float[side][2 * q];
    for (int i = 0; i < side; i++) {
      for (int k = 0; k < q; k++) {
        float angle = i * (omega[k] * metres);
        waves[i][k] = (float) Math.sin(angle);
        waves[i][q + k] = (float) Math.cos(angle);
      }
    }
    for (int patch = 0; patch < side * side; patch++) {
      out.put(patch * dim, waves[patch % side]);
      out.put(patch * dim + 2 * q, waves[patch / side]);
    }
  }
}
