package dev.kiln.sample;

/** Streets with houses and gardens along them. */
final class Town {
  /** Distance between streets in metres, along the rows of houses and across them. */
  private static final double BLOCK_X = 118;

  private static final double BLOCK_Y = 74;
  private static final double STREET = 9;
  private static final double LOT = 21;
  private static final double LOT_DEPTH = (BLOCK_Y - STREET) / 2;

  /** Distance between a house and the sides of its lot in metres. */
  private static final double GAP = 2.5;

  /** Streets are at an angle of 17 degrees to the fields. */
  private static final double COS = 0.956;

  private static final double SIN = 0.292;
  private static final float PARKS = 0.12f;

  private final int seed;

  Town(long seed) {
    this.seed = Noise.hash((int) (seed ^ seed >>> 32), "town".hashCode(), 2);
  }

  /**
   * Paints the street, house or garden at a position.
   *
   * @param deep depth inside the town, from 0; houses are larger inside
   * @param vigour see {@link Terrain#VIGOUR}
   */
  void paint(double x, double y, float deep, float vigour, Ground ground) {
    double u = COS * x + SIN * y;
    double v = COS * y - SIN * x;
    double column = Math.floor(u / BLOCK_X);
    double row = Math.floor(v / BLOCK_Y);
    double inX = u - column * BLOCK_X - STREET;
    double inY = v - row * BLOCK_Y - STREET;
    int block = Noise.hash(seed, (int) column, (int) row);
    if (inX < 0 || inY < 0) {
      ground.set(Material.ASPHALT);
    } else if (Noise.unit(block, 0) < PARKS) {
      ground.set(vigour > 0.1f ? Material.BROADLEAF : Material.MEADOW);
    } else {
      lot(block, inX, inY, deep, vigour, ground);
    }
  }

  /** Paints a lot of a block of two rows of lots, each of which faces a street. */
  private static void lot(
      int block, double inX, double inY, float deep, float vigour, Ground ground) {
    int column = (int) (inX / LOT);
    int row = (int) (inY / LOT_DEPTH);
    int lot = Noise.hash(block, column, row);
    double fromSide = inX - column * LOT;
    double fromStreet = row == 0 ? inY : 2 * LOT_DEPTH - inY;
    double front = 4 + 4 * Noise.unit(lot, 0);
    double depth = 9 + 10 * Noise.unit(lot, 1) + 8 * Math.min(1, deep);
    float kind = Noise.unit(lot, 3);
    boolean house =
        fromSide > GAP
            && fromSide < LOT - GAP
            && fromStreet > front
            && fromStreet < front + depth
            && Noise.unit(lot, 2) < 0.9f;
    if (house) {
      ground.set(kind < 0.55f ? Material.TILE : kind < 0.8f ? Material.ASPHALT : Material.METAL);
      // One half of the roof is sunlit.
      boolean nearStreet = fromStreet - front < depth / 2;
      ground.light(nearStreet == (row == 0) ? 1.12f : 0.8f);
    } else {
      boolean drive = fromSide < GAP && fromStreet < front;
      ground.set(drive ? Material.ASPHALT : Material.MEADOW);
      ground.cover(Material.BROADLEAF, !drive && kind < 0.4f && vigour > 0 ? 1 : 0);
      ground.cover(Material.ASPHALT, 0.1f);
    }
  }
}
