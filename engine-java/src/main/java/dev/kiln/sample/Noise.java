package dev.kiln.sample;

/**
 * Smooth noise over the plane, identical on all machines for the same seed.
 *
 * <p>Gradient noise after K. Perlin, "Improving Noise" (SIGGRAPH 2002), with gradients hashed from
 * the lattice point instead of a permutation table, so that it does not repeat.
 */
final class Noise {
  /** Scales one octave to about [-1, 1]. */
  private static final float GAIN = 1.5f;

  private static final int DIRECTIONS = 64;
  private static final float[] GRADIENT_X = new float[DIRECTIONS];
  private static final float[] GRADIENT_Y = new float[DIRECTIONS];

  static {
    for (int i = 0; i < DIRECTIONS; i++) {
      // Math.sin can differ between machines in the last digit.
      GRADIENT_X[i] = (float) StrictMath.cos(2 * StrictMath.PI * i / DIRECTIONS);
      GRADIENT_Y[i] = (float) StrictMath.sin(2 * StrictMath.PI * i / DIRECTIONS);
    }
  }

  private final int seed;

  Noise(long seed, String purpose) {
    this.seed = hash((int) (seed ^ seed >>> 32), purpose.hashCode(), 0);
  }

  /** Returns a 32-bit hash of three integers (with MurmurHash3's finaliser). */
  static int hash(int a, int b, int c) {
    int h = a * 0x2545F491 + b * 0x9E3779B1 + c * 0x61C88647;
    h ^= Integer.rotateLeft(b, 16) ^ Integer.rotateLeft(c, 7);
    h ^= h >>> 16;
    h *= 0x85EBCA6B;
    h ^= h >>> 13;
    h *= 0xC2B2AE35;
    return h ^ h >>> 16;
  }

  /** Returns a value in [0, 1) from bits {@code 8·part} to {@code 8·part + 7} of a hash. */
  static float unit(int hash, int part) {
    return (hash >>> 8 * part & 0xff) / 256f;
  }

  /** Returns one octave with features of about size 1, in [-1, 1]. */
  float at(double x, double y) {
    double left = Math.floor(x);
    double lower = Math.floor(y);
    int i = (int) left;
    int j = (int) lower;
    float u = (float) (x - left);
    float v = (float) (y - lower);
    float s = ease(u);
    float t = ease(v);
    float a = slope(i, j, u, v);
    float b = slope(i + 1, j, u - 1, v);
    float c = slope(i, j + 1, u, v - 1);
    float d = slope(i + 1, j + 1, u - 1, v - 1);
    float low = a + s * (b - a);
    float high = c + s * (d - c);
    return GAIN * (low + t * (high - low));
  }

  /**
   * Returns a sum of octaves, each with half the feature size and amplitude of the previous one.
   */
  float fractal(double x, double y, int octaves) {
    float sum = 0;
    float strength = 1;
    double px = x;
    double py = y;
    for (int k = 0; k < octaves; k++) {
      sum += strength * at(px, py);
      strength *= 0.5f;
      // Rotated and shifted, so that the lattices of octaves never coincide.
      double turned = 1.6 * px - 1.2 * py + 17.3;
      py = 1.2 * px + 1.6 * py - 5.9;
      px = turned;
    }
    return sum;
  }

  private float slope(int i, int j, float u, float v) {
    int direction = hash(seed, i, j) & DIRECTIONS - 1;
    return GRADIENT_X[direction] * u + GRADIENT_Y[direction] * v;
  }

  private static float ease(float t) {
    return t * t * t * (t * (t * 6 - 15) + 10);
  }
}
