package dev.kiln.sample;

/**
 * Slowly varying fields, computed at every few pixels of a window and interpolated in between. Not
 * thread-safe.
 */
final class SmoothFields {
  /** Fields as functions of position. */
  @FunctionalInterface
  interface Source {
    /**
     * Computes the fields at a position.
     *
     * @param x easting in metres
     * @param y northing in metres
     * @param fields receives one value per field
     */
    void at(double x, double y, float[] fields);
  }

  private final int step;
  private final int columns;
  private final float[][][] nodes;
  private final float[][] line;

  /**
   * Computes the fields of a window.
   *
   * @param source fields as functions of position
   * @param count number of fields
   * @param window window of pixels
   * @param step distance of computed values in pixels
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

  /** Selects a row of the window for {@link #get}. */
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

  /** Returns a field's value in a column of the selected row. */
  float get(int field, int column) {
    float[] values = line[field];
    int node = column / step;
    float t = (float) (column % step) / step;
    return values[node] + t * (values[node + 1] - values[node]);
  }
}
