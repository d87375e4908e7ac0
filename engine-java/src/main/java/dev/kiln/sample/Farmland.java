package dev.kiln.sample;

/** Fields with crops, margins and roads between them. Not thread-safe. */
final class Farmland {
  /** Distance between rows of plants and between pairs of wheel tracks, in metres. */
  private static final float ROW = 3.1f;

  private static final float TRACKS = 27;
  private static final float TRACK = 1.1f;

  /** Width of roads in metres; they separate squares of {@code 1 << shift} parcels per side. */
  private static final float ROAD = 6;

  private static final int ROAD_SHIFT = 2;
  private static final float MAIN_ROAD = 11;
  private static final int MAIN_ROAD_SHIFT = 4;

  private final Region region;
  private final int year;
  private final float pixel;
  private final boolean rows;
  private final Mosaic parcels;

  /**
   * Creates the fields of a window.
   *
   * @param year year of the crops
   * @param window window to paint
   */
  Farmland(Region region, long seed, int year, Window window) {
    this.region = region;
    this.year = year;
    this.pixel = (float) window.pixel();
    this.rows = window.isFine();
    this.parcels = new Mosaic(seed, "parcels", region.parcel(), region.disorder());
  }

  /**
   * Paints the field at a position.
   *
   * @param x easting after bending
   * @param y northing after bending
   * @param vigour see {@link Terrain#VIGOUR}
   */
  void paint(double x, double y, float vigour, Ground ground) {
    parcels.locate(x, y);
    int crop = Noise.hash(parcels.cell(), year, 0);
    plants(crop, vigour, ground);
    ground.light(0.9f + 0.25f * Noise.unit(crop, 3) + 0.05f * vigour);
    if (rows) {
      lines(ground);
    }
    margin(ground);
  }

  private void plants(int crop, float vigour, Ground ground) {
    int parcel = parcels.cell();
    boolean dark = Noise.unit(parcel, 2) < 0.5f;
    Material soil = dark ? Material.LOAM : region.drought() > 0.5f ? Material.CHALK : Material.MUD;
    float use = Noise.unit(parcel, 3);
    boolean circle = use < region.pivots();
    boolean watered = circle && fromCircleCenter() < 1;
    float kind = Noise.unit(crop, 0);
    float growth = 0.55f + 0.4f * Noise.unit(crop, 1) + 0.25f * vigour;

    if (circle && !watered) {
      ground.set(Material.STRAW);
      ground.cover(soil, 0.5f + 0.3f * vigour);
    } else if (use > 0.86f) {
      // Pasture remains pasture every year and shows wet ground.
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
  }

  /** Returns the squared distance from the centre of an irrigated circle, in radii. */
  private float fromCircleCenter() {
    float radius = 0.46f * (float) region.parcel();
    float dx = parcels.fromCenterX();
    float dy = parcels.fromCenterY();
    return (dx * dx + dy * dy) / (radius * radius);
  }

  /** Paints rows of plants and the wheel tracks along them. */
  private void lines(Ground ground) {
    int parcel = parcels.cell();
    // Roughly parallel to one side of the field or the other.
    float turn = 0.3f * region.disorder() * (Noise.unit(parcel, 1) - 0.5f);
    boolean northward = (parcel & 1) == 0;
    float across =
        northward
            ? parcels.fromCenterX() + turn * parcels.fromCenterY()
            : parcels.fromCenterY() - turn * parcels.fromCenterX();
    ground.light(0.97f + 0.06f * wave(across / ROW));
    if (TRACKS / 2 * wave(across / TRACKS) < TRACK) {
      ground.light(0.88f);
    }
  }

  /** Triangle wave of period 1 between 0 and 1. */
  private static float wave(float at) {
    float t = at - (float) Math.floor(at);
    return t < 0.5f ? 2 * t : 2 - 2 * t;
  }

  private void margin(Ground ground) {
    if (parcels.crosses(ROAD_SHIFT)) {
      boolean mainRoad = parcels.crosses(MAIN_ROAD_SHIFT);
      float half = (mainRoad ? MAIN_ROAD : ROAD) / 2;
      ground.cover(Material.MEADOW, within(half + 4));
      ground.cover(mainRoad ? Material.ASPHALT : Material.GRAVEL, within(half));
    } else {
      // Both sides must give the same result.
      int border = parcels.cell() ^ parcels.neighbour();
      boolean hedge = Noise.unit(border, 1) < 0.35f * (1 - region.drought());
      ground.cover(hedge ? Material.BROADLEAF : Material.MEADOW, within(hedge ? 4 : 1.5f));
    }
  }

  /** Returns the share of the pixel within a distance of the field's edge. */
  private float within(float metres) {
    return (metres - parcels.edge()) / pixel + 0.5f;
  }
}
