package dev.kiln.sample;

/**
 * Fields that change little from pixel to pixel, computed at every few pixels of a window and
 * interpolated in between. For one thread.
 */
final class SmoothFields {
  /** Fields as functions of place. */
  @FunctionalInterface
  interface Source {
    /**
     * @param x easting, metres
     * @param y northing, metres
     * @param fields takes one value a field
     */
    void at(double x, double y, float[] fields);
  }

  private final int step;
  private final int columns;
  private final float[][][] nodes;
  private final float[][] line;

  /**
   * @param window pixels that will be asked for
   * @param step pixels from one computed value to the next
   */
  SmoothFields(Source source, int count, Window window, int step) {
    this.step = step;
    this.columns = window.width() / step + 2;
    int rows = (window.height() - 1) / step + 2;
    this.nodes = new float[rows][count][columns];
    this.line = new float[count][columns];
    float[] values = new float[count];
    for (int j = 0; j < rows; j++) {
      for (int i = 0; i < columns; i++) {
        source.at(window.easting(i * step), window.northing(j * step), values);
        for (int f = 0; f < count; f++) {
          nodes[j][f][i] = values[f];
        }
      }
    }
  }

  /** Turns to a row of the window; the next calls of {@link #get} read it. */
  void row(int row) {
    float[][] above = nodes[row / step];
    float[][] below = nodes[row / step + 1];
    float t = (float) (row % step) / step;
    for (int f = 0; f < line.length; f++) {
      for (int i = 0; i < columns; i++) {
        line[f][i] = above[f][i] + t * (below[f][i] - above[f][i]);
      }
    }
  }

  /** A field's value in a column of the row turned to. */
  float get(int field, int column) {
    float[] values = line[field];
    int node = column / step;
    float t = (float) (column % step) / step;
    return values[node] + t * (values[node + 1] - values[node]);
  }
}
