package dev.kiln.sample;

/** Parcels: Voronoi cells of one point in each square of a grid. Not thread-safe. */
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
   * Creates the mosaic.
   *
   * @param size side of the grid's squares in metres
   * @param jitter displacement of points from the centres: 0 for squares, 1 for anywhere
   */
  Mosaic(long seed, String purpose, double size, float jitter) {
    this.seed = Noise.hash((int) (seed ^ seed >>> 32), purpose.hashCode(), 1);
    this.size = size;
    this.jitter = jitter;
  }

  /** Selects the parcel at a position; the other methods describe it. */
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
    // Distance to the perpendicular bisector of the two points.
    edge =
        (float) size
            * (second - nearest)
            / (2 * (float) Math.sqrt(apartX * apartX + apartY * apartY));
    fromCenterX = (float) -size * nearX;
    fromCenterY = (float) -size * nearY;
  }

  /** Returns 32 random bits of the parcel. */
  int cell() {
    return cell;
  }

  /** Returns the distance to the nearest other parcel in metres. */
  float edge() {
    return edge;
  }

  /** Returns 32 random bits of the parcel across the nearest edge. */
  int neighbour() {
    return neighbour;
  }

  /**
   * Returns whether the nearest edge also separates larger squares.
   *
   * @param shift a large square has {@code 1 << shift} parcels per side
   */
  boolean crosses(int shift) {
    return column >> shift != neighbourColumn >> shift || row >> shift != neighbourRow >> shift;
  }

  /** Returns the distance east of the parcel's point in metres. */
  float fromCenterX() {
    return fromCenterX;
  }

  /** Returns the distance north of the parcel's point in metres. */
  float fromCenterY() {
    return fromCenterY;
  }
}
