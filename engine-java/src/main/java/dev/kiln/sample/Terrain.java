package dev.kiln.sample;

/** Large-scale properties of a landscape: water, woods, towns and plant growth. */
final class Terrain implements SmoothFields.Source {
  /** Distance to the nearest river or creek bank in metres; negative in the water. */
  static final int BANK = 0;

  /** Approximate distance to the nearest lake shore in metres; negative in the lake. */
  static final int SHORE = 1;

  /** Depth inside a wood; above 0 in woods. */
  static final int WOOD = 2;

  /** Depth inside a town; above 0 in towns. */
  static final int TOWN = 3;

  /** Vigour of plants, around 0. */
  static final int VIGOUR = 4;

  /** Displacement of fields to the east in metres. */
  static final int BEND_X = 5;

  /** Displacement of fields to the north in metres. */
  static final int BEND_Y = 6;

  static final int FIELDS = 7;

  private static final double WOODS = 1_300;
  private static final double TOWNS = 3_500;
  private static final double BENDS = 900;

  /** Spacing of creeks relative to rivers. */
  private static final double CREEKS = 0.17;

  private static final float CREEK = 0.2f;

  private final Region region;
  private final Noise river;
  private final Noise creek;
  private final Noise relief;
  private final Noise wood;
  private final Noise town;
  private final Noise vigour;
  private final Noise bend;
  private final float waterLevel;

  /**
   * Creates the terrain.
   *
   * @param year year that determines the water level
   */
  Terrain(Region region, long seed, int year) {
    this.region = region;
    this.river = new Noise(seed, "river");
    this.creek = new Noise(seed, "creek");
    this.relief = new Noise(seed, "relief");
    this.wood = new Noise(seed, "wood");
    this.town = new Noise(seed, "town");
    this.vigour = new Noise(seed, "vigour");
    this.bend = new Noise(seed, "bend");
    this.waterLevel =
        region.lakes() + 0.06f * (Noise.unit(Noise.hash((int) seed, year, 3), 0) - 0.5f);
  }

  @Override
  public void at(double x, double y, float[] fields) {
    fields[BANK] =
        Math.min(
            bank(river, x, y, region.valley(), region.river()),
            bank(creek, x, y, CREEKS * region.valley(), CREEK * region.river()));
    fields[SHORE] = shore(x, y);
    // Woods grow near banks; towns avoid hollows.
    float relief = fields[SHORE] / (float) region.hills();
    fields[WOOD] = wood.fractal(x / WOODS, y / WOODS, 5) + region.forest();
    fields[TOWN] = town.fractal(x / TOWNS, y / TOWNS, 3) + region.towns() + Math.min(0, relief);
    fields[VIGOUR] = vigour.fractal(x / region.spots(), y / region.spots(), 3);
    float strength = region.disorder() * 0.12f * (float) BENDS;
    fields[BEND_X] = strength * bend.fractal(x / BENDS, y / BENDS, 2);
    fields[BEND_Y] = strength * bend.fractal(x / BENDS + 100, y / BENDS, 2);
  }

  /** Rivers follow the zero crossings of a noise; its slope converts values to metres. */
  private static float bank(Noise noise, double x, double y, double spacing, float width) {
    if (width <= 0) {
      return Float.MAX_VALUE;
    }
    float value = noise.fractal(x / spacing, y / spacing, 4);
    float slope = slope(noise, x / spacing, y / spacing, value, 4);
    return (float) spacing * Math.abs(value) / slope - width / 2;
  }

  private float shore(double x, double y) {
    double px = x / region.hills();
    double py = y / region.hills();
    float value = relief.fractal(px, py, 5);
    return (float) region.hills() * (value - waterLevel) / slope(relief, px, py, value, 5);
  }

  private static float slope(Noise noise, double x, double y, float value, int octaves) {
    double step = 0.01;
    float dx = noise.fractal(x + step, y, octaves) - value;
    float dy = noise.fractal(x, y + step, octaves) - value;
    float slope = (float) (Math.sqrt(dx * dx + dy * dy) / step);
    return Math.max(slope, 0.3f);
  }
}
