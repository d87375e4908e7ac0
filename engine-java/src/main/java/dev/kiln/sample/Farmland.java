package dev.kiln.sample;

/** Fields with their crops, margins and the roads between them. For one thread. */
final class Farmland {
  /** Metres from one line of a drill or a sprayer to the next. */
  private static final float ROW = 3.1f;

  private static final float TRAMLINE = 27;
  private static final float ROAD = 6;
  private static final float MAIN_ROAD = 11;

  private final Region region;
  private final int year;
  private final float pixel;
  private final Mosaic parcels;

  Farmland(Region region, long seed, int year, double pixel) {
    this.region = region;
    this.year = year;
    this.pixel = (float) pixel;
    this.parcels = new Mosaic(seed, "parcels", region.parcel(), region.disorder());
  }

  /**
   * Paints the field at a place.
   *
   * @param x easting, bent
   * @param y northing, bent
   * @param vigour as of {@link Terrain#VIGOUR}
   */
  void paint(double x, double y, float vigour, Ground ground) {
    parcels.locate(x, y);
    int parcel = parcels.cell();
    int crop = Noise.hash(parcel, year, 5);
    float kind = Noise.unit(crop, 0);
    float growth = 0.55f + 0.4f * Noise.unit(crop, 1) + 0.25f * vigour;
    Material soil = Noise.unit(parcel, 2) < 0.5f ? Material.LOAM : Material.MUD;
    if (region.drought() > 0.5f) {
      soil = Noise.unit(parcel, 2) < 0.5f ? Material.LOAM : Material.CHALK;
    }

    boolean pivot = Noise.unit(parcel, 3) < region.pivots();
    boolean watered = pivot && circle() < 1;
    if (pivot && !watered) {
      ground.set(Material.STRAW);
      ground.cover(soil, 0.5f + 0.3f * vigour);
    } else if (Noise.unit(parcel, 3) > 0.86f) {
      // Pasture stays pasture, and shows where the ground is wet.
      ground.set(Material.MEADOW);
      ground.cover(Material.STRAW, 0.8f * region.drought() - 0.6f * vigour);
      ground.cover(Material.REED, 0.5f * vigour - 0.2f);
    } else if (watered || kind < 0.62f - 0.4f * region.drought()) {
      ground.set(soil);
      ground.cover(kind < 0.2f ? Material.MEADOW : Material.CROP, growth);
    } else if (kind < 0.82f) {
      ground.set(Material.STRAW);
      ground.cover(soil, 0.35f - 0.35f * vigour);
      ground.cover(Material.MEADOW, 0.3f * Noise.unit(crop, 2) * growth);
    } else {
      ground.set(soil);
      ground.cover(Material.STRAW, 0.3f + 0.4f * vigour);
    }
    ground.light(0.9f + 0.25f * Noise.unit(crop, 3) + 0.05f * vigour);
    if (pixel < 2) {
      lines(parcel, ground);
    }
    margin(ground);
  }

  /** Rows of plants, and the wheel tracks across them. */
  private void lines(int parcel, Ground ground) {
    // Along one side of the grid or the other, a little off.
    float turn = 0.3f * region.disorder() * (Noise.unit(parcel, 1) - 0.5f);
    boolean northward = (parcel & 1) == 0;
    float across =
        northward
            ? parcels.fromCenterX() + turn * parcels.fromCenterY()
            : parcels.fromCenterY() - turn * parcels.fromCenterX();
    ground.light(0.97f + 0.06f * wave(across / ROW));
    float track = TRAMLINE * wave(across / TRAMLINE);
    if (track < 2.2f) {
      ground.light(0.88f);
    }
  }

  private void margin(Ground ground) {
    float edge = parcels.edge();
    int side = parcels.cell() ^ parcels.neighbour();
    boolean road = parcels.crosses(2);
    boolean mainRoad = parcels.crosses(4);
    float half = (mainRoad ? MAIN_ROAD : ROAD) / 2;
    if (road) {
      ground.cover(Material.MEADOW, inside(half + 4, edge));
      ground.cover(mainRoad ? Material.ASPHALT : Material.GRAVEL, inside(half, edge));
    } else {
      boolean hedge = Noise.unit(side, 1) < 0.35f * (1 - region.drought());
      ground.cover(hedge ? Material.BROADLEAF : Material.MEADOW, inside(hedge ? 4 : 1.5f, edge));
    }
  }

  /**
   * Share of a pixel, its middle {@code edge} metres from a line, that lies within {@code half}.
   */
  private float inside(float half, float edge) {
    return (half - edge) / pixel + 0.5f;
  }

  /** Distance from the middle of a watered circle in its radius. */
  private float circle() {
    float radius = 0.46f * (float) region.parcel();
    float dx = parcels.fromCenterX();
    float dy = parcels.fromCenterY();
    return (dx * dx + dy * dy) / (radius * radius);
  }

  /** 0, up to 1 and back to 0 once for every whole number. */
  static float wave(float at) {
    float t = at - (float) Math.floor(at);
    return t < 0.5f ? 2 * t : 2 - 2 * t;
  }
}
