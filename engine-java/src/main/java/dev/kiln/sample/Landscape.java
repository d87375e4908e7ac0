package dev.kiln.sample;

/**
 * Unbounded synthetic landscape of water, woods, towns, roads and fields; each pixel is a pure
 * function of position, seed and year. Rivers and field shapes are the same every year; crops and
 * water levels change. Not thread-safe.
 */
final class Landscape {
  private static final int STEP = 4;
  private static final float BEACH = 5;
  private static final float GALLERY = 22;

  /** Size in pixels and strength of the finest texture. */
  private static final double GRAIN = 2.7;

  private static final float ROUGHNESS_NEAR = 0.09f;
  private static final float ROUGHNESS_FAR = 0.02f;

  private final Window window;
  private final SmoothFields terrain;
  private final Farmland farmland;
  private final Town town;
  private final Woodland woodland;
  private final Noise grain;
  private final float roughness;
  private int row;

  /**
   * Creates the view of a window.
   *
   * @param year year of the view
   */
  Landscape(Region region, long seed, int year, Window window) {
    this.window = window;
    this.terrain = new SmoothFields(new Terrain(region, seed, year), Terrain.FIELDS, window, STEP);
    this.farmland = new Farmland(region, seed, year, window);
    this.town = new Town(seed);
    this.woodland = new Woodland(seed, window.isFine());
    this.grain = new Noise(seed, "grain");
    this.roughness = window.isFine() ? ROUGHNESS_NEAR : ROUGHNESS_FAR;
  }

  /** Selects a row of the window. */
  void row(int row) {
    this.row = row;
    terrain.row(row);
  }

  /** Paints a pixel of the selected row. */
  void paint(int column, Ground ground) {
    float bank = terrain.get(Terrain.BANK, column);
    float shore = terrain.get(Terrain.SHORE, column);
    float dry = Math.min(bank, shore);
    float vigour = terrain.get(Terrain.VIGOUR, column);
    if (dry < 0) {
      water(bank < shore, -dry, vigour, ground);
      return;
    }
    double x = window.easting(column);
    double y = window.northing(row);
    float wood = terrain.get(Terrain.WOOD, column);
    float built = terrain.get(Terrain.TOWN, column);
    boolean gallery = bank < GALLERY + 15 * vigour && bank < shore;
    if (built > 0) {
      town.paint(x, y, built, vigour, ground);
    } else if (wood > 0 || gallery) {
      woodland.paint(x, y, vigour, ground);
    } else {
      double bentX = x + terrain.get(Terrain.BEND_X, column);
      double bentY = y + terrain.get(Terrain.BEND_Y, column);
      farmland.paint(bentX, bentY, vigour, ground);
    }
    double patch = GRAIN * window.pixel();
    ground.light(1 + roughness * grain.at(x / patch, y / patch));
    float beach = bank < shore ? BEACH / 3 : BEACH;
    if (dry < 4 * beach) {
      ground.cover(Material.REED, 0.9f - dry / (4 * beach));
      ground.cover(Material.MUD, 1.4f - dry / beach);
    }
  }

  private static void water(boolean running, float depth, float vigour, Ground ground) {
    ground.set(Material.WATER);
    float silt = running ? 0.45f : 0.3f * vigour + 0.1f;
    ground.cover(Material.SILT, silt + 0.4f - depth / 40);
  }
}
