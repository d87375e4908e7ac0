package dev.kiln.sample;

/** Clouds over a landscape at one moment, and the shadows that they cast. */
final class CloudLayer implements SmoothFields.Source {
  /** Above 0 in clouds, by how thick they are. */
  static final int CLOUD = 0;

  /** Above 0 where a cloud stands before the sun. */
  static final int SHADOW = 1;

  /** Above 0 in veils of high ice clouds. */
  static final int CIRRUS = 2;

  static final int FIELDS = 3;

  private static final double CLOUDS = 4_200;
  private static final double VEILS = 26_000;

  /** From a shadow to its cloud, towards a sun in the south-east, metres. */
  private static final double TO_SUN_X = 520;

  private static final double TO_SUN_Y = -760;

  private final Noise clouds;
  private final Noise veils;
  private final float cover;

  /**
   * @param cover 0 covers half the sky, -1 next to nothing
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
    // Drawn out by the wind.
    fields[CIRRUS] = veils.fractal((x + y) / VEILS, 2.5 * (x - y) / VEILS, 4) - 0.6f;
  }

  private float cloud(double x, double y) {
    return clouds.fractal(x / CLOUDS, y / CLOUDS, 6) + cover;
  }
}
