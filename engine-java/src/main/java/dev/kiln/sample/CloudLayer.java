package dev.kiln.sample;

/** Clouds over a landscape and their shadows. */
final class CloudLayer implements SmoothFields.Source {
  /** Optical thickness of clouds; above 0 inside them. */
  static final int CLOUD = 0;

  /** Above 0 in the shadow of a cloud. */
  static final int SHADOW = 1;

  /** Above 0 in cirrus. */
  static final int CIRRUS = 2;

  static final int FIELDS = 3;

  private static final double CLOUDS = 4_200;
  private static final double VEILS = 26_000;

  /** Offset from a shadow to its cloud, in metres; the sun is in the south-east. */
  private static final double TO_SUN_X = 520;

  private static final double TO_SUN_Y = -760;

  private final Noise clouds;
  private final Noise veils;
  private final float cover;

  /**
   * Creates the layer.
   *
   * @param seed random seed
   * @param cover 0 covers half of the sky, -1 almost nothing
   */
  CloudLayer(long seed, float cover) {
    this.clouds = new Noise(seed, "clouds");
    this.veils = new Noise(seed, "veils");
    this.cover = cover;
  }

  @Override
  public void at(double x, double y, float[] fields) {
    fields[CLOUD] = cloud(x, y);
    fields[SHADOW] = cloud(x + TO_SUN_X, y + TO_SUN_Y);
    // Stretched by the wind.
    fields[CIRRUS] = veils.fractal((x + y) / VEILS, 2.5 * (x - y) / VEILS, 4) - 0.6f;
  }

  private float cloud(double x, double y) {
    return clouds.fractal(x / CLOUDS, y / CLOUDS, 6) + cover;
  }
}
