package dev.kiln.sample;

/** Streets with houses and gardens along them. */
final class Town {
  private static final double BLOCK_X = 118;
  private static final double BLOCK_Y = 74;
  private static final double STREET = 9;
  private static final double LOT = 21;

  /** Streets run at an angle to the fields. */
  private static final double COS = 0.956;

  private static final double SIN = 0.292;

  private final int seed;

  Town(long seed) {
    this.seed = Noise.hash((int) (seed ^ seed >>> 32), "town".hashCode(), 7);
  }

  /**
   * Paints the street, house or garden at a place.
   *
   * @param deep how far into the town, from 0: gardens grow smaller
   */
  void paint(double x, double y, float deep, float vigour, Ground ground) {
    double u = COS * x + SIN * y;
    double v = COS * y - SIN * x;
    long blockX = (long) Math.floor(u / BLOCK_X);
    long blockY = (long) Math.floor(v / BLOCK_Y);
    double inX = u - blockX * BLOCK_X;
    double inY = v - blockY * BLOCK_Y;
    int block = Noise.hash(seed, (int) blockX, (int) blockY);
    if (inX < STREET || inY < STREET) {
      ground.set(Material.ASPHALT);
      return;
    }
    if (Noise.unit(block, 0) < 0.12f) {
      // A park.
      ground.set(vigour > 0.1f ? Material.BROADLEAF : Material.MEADOW);
      return;
    }
    // Two rows of lots back to back.
    int lotX = (int) ((inX - STREET) / LOT);
    double depth = (BLOCK_Y - STREET) / 2;
    int lotY = (int) ((inY - STREET) / depth);
    int lot = Noise.hash(block, lotX, lotY);
    double atX = inX - STREET - lotX * LOT;
    double atY = inY - STREET - lotY * depth;
    double fromStreet = lotY == 0 ? atY : depth - atY;
    double front = 4 + 4 * Noise.unit(lot, 0);
    double deepness = 9 + 10 * Noise.unit(lot, 1) + 8 * Math.min(1, deep);
    boolean house =
        atX > 2.5
            && atX < LOT - 2.5
            && fromStreet > front
            && fromStreet < front + deepness
            && Noise.unit(lot, 2) < 0.9f;
    float kind = Noise.unit(lot, 3);
    if (house) {
      ground.set(kind < 0.55f ? Material.TILE : kind < 0.8f ? Material.ASPHALT : Material.METAL);
      // One side of the roof faces the sun.
      ground.light(fromStreet - front < deepness / 2 == (lotY == 0) ? 1.12f : 0.8f);
    } else {
      ground.set(Material.MEADOW);
      ground.cover(Material.BROADLEAF, kind < 0.4f && vigour > 0 ? 1 : 0);
      ground.cover(Material.ASPHALT, atX < 2.5 && fromStreet < front ? 1 : 0.1f);
    }
  }
}
