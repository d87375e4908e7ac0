package dev.kiln.sample;

/**
 * Parcels: the plane cut into the Voronoi cells of one point in each square of a grid. Not for use
 * by several threads at once.
 */
final class Mosaic {
  private final int seed;
  private final double size;
  private final float jitter;

  private int cell;
  private int neighbour;
  private int column;
  private int row;
  private int neighbourColumn;
  private int neighbourRow;
  private float edge;
  private float fromCenterX;
  private float fromCenterY;

  /**
   * @param size side of the grid's squares, metres
   * @param jitter how far points stray from the squares' middles: 0 for squares, 1 for anywhere
   */
  Mosaic(long seed, String purpose, double size, float jitter) {
    this.seed = Noise.hash((int) (seed ^ seed >>> 32), purpose.hashCode(), 1);
    this.size = size;
    this.jitter = jitter;
  }

  /** Finds the parcel at a place; the other methods then speak of it. */
  void locate(double x, double y) {
    double gx = x / size;
    double gy = y / size;
    int middleColumn = (int) Math.floor(gx);
    int middleRow = (int) Math.floor(gy);
    float nearest = Float.MAX_VALUE;
    float second = Float.MAX_VALUE;
    float nearX = 0;
    float nearY = 0;
    float secondX = 0;
    float secondY = 0;
    for (int j = middleRow - 1; j <= middleRow + 1; j++) {
      for (int i = middleColumn - 1; i <= middleColumn + 1; i++) {
        int hash = Noise.hash(seed, i, j);
        float dx = (float) (i + 0.5 - gx) + jitter * (Noise.unit(hash, 0) - 0.5f);
        float dy = (float) (j + 0.5 - gy) + jitter * (Noise.unit(hash, 1) - 0.5f);
        float distance = dx * dx + dy * dy;
        if (distance < nearest) {
          second = nearest;
          secondX = nearX;
          secondY = nearY;
          neighbour = cell;
          neighbourColumn = column;
          neighbourRow = row;
          nearest = distance;
          nearX = dx;
          nearY = dy;
          cell = hash;
          column = i;
          row = j;
        } else if (distance < second) {
          second = distance;
          secondX = dx;
          secondY = dy;
          neighbour = hash;
          neighbourColumn = i;
          neighbourRow = j;
        }
      }
    }
    float apartX = secondX - nearX;
    float apartY = secondY - nearY;
    // Distance to the line halfway between the two points.
    edge =
        (float) size
            * (second - nearest)
            / (2 * (float) Math.sqrt(apartX * apartX + apartY * apartY));
    fromCenterX = (float) -size * nearX;
    fromCenterY = (float) -size * nearY;
  }

  /** 32 random bits that are the parcel's own. */
  int cell() {
    return cell;
  }

  /** Metres to the nearest other parcel. */
  float edge() {
    return edge;
  }

  /** 32 random bits of the parcel across the nearest edge. */
  int neighbour() {
    return neighbour;
  }

  /**
   * Whether the nearest edge also parts larger squares.
   *
   * @param shift such a square holds {@code 1 << shift} parcels a side
   */
  boolean crosses(int shift) {
    return column >> shift != neighbourColumn >> shift || row >> shift != neighbourRow >> shift;
  }

  /** Metres east of the parcel's point. */
  float fromCenterX() {
    return fromCenterX;
  }

  /** Metres north of the parcel's point. */
  float fromCenterY() {
    return fromCenterY;
  }
}
