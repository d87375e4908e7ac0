package dev.kiln.sample;

/** Sensor noise: independent between pixels and deterministic for a pixel and seed. */
final class PixelNoise {
  private static final int MOST_BANDS = 12;

  private final int seed;
  private final int[] bits = new int[MOST_BANDS / 4];
  private float shared;

  PixelNoise(long seed) {
    this.seed = (int) (seed ^ seed >>> 32);
  }

  /** Selects a pixel by its column and row in the scene. */
  void pixel(int column, int row, int bands) {
    int hash = Noise.hash(seed, column, row);
    shared = (Noise.unit(hash, 0) + Noise.unit(hash, 1) + Noise.unit(hash, 2)) / 1.5f - 1;
    for (int i = 0; 4 * i < bands; i++) {
      bits[i] = Noise.hash(hash, i, 0);
    }
  }

  /** Returns the noise that all bands of the pixel share, in [-1, 1], mostly near 0. */
  float shared() {
    return shared;
  }

  /** Returns the noise of one band of the pixel, uniform in [-1, 1). */
  float band(int band) {
    return 2 * Noise.unit(bits[band >> 2], band & 3) - 1;
  }
}
