package dev.kiln.dataset.merge;

import java.util.List;
import java.util.Locale;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.shape.fractal.HilbertCode;

/**
 * A grid of longitude and latitude whose cells are the spatial partitions of a dataset. Cells are
 * counted from 180 degrees west and 90 degrees south.
 *
 * @param degrees edge of a cell, one of {@link #SIZES}
 */
record CellGrid(double degrees) {
  /** Edges that cells can have, in degrees; all divide 180. */
  static final List<Double> SIZES = List.of(30.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.25, 0.1);

  /** Level of the Hilbert curve in a cell: 32,768 steps along each edge, 3.4 m in a degree. */
  private static final int LEVEL = 15;

  private static final int STEPS = 1 << LEVEL;

  /** Behind all positions on the curve. */
  static final int AFTER_ALL = 1 << (2 * LEVEL);

  /**
   * A cell.
   *
   * @param column from the west
   * @param row from the south
   */
  record Cell(int column, int row) {}

  /** Returns the cell of a place. */
  Cell at(double lon, double lat) {
    return new Cell(index(lon + 180, 360), index(lat + 90, 180));
  }

  private int index(double offset, int span) {
    int count = (int) Math.round(span / degrees);
    return Math.max(0, Math.min(count - 1, (int) Math.floor(offset * count / span)));
  }

  /** Returns the area of a cell in degrees. */
  Envelope envelope(Cell cell) {
    double west = edge(cell.column(), 360) - 180;
    double south = edge(cell.row(), 180) - 90;
    return new Envelope(
        west, edge(cell.column() + 1, 360) - 180, south, edge(cell.row() + 1, 180) - 90);
  }

  private double edge(int index, int span) {
    return index * (double) span / Math.round(span / degrees);
  }

  /**
   * Returns the name of a cell, its south-western corner: {@code N47W100}, {@code N47.25W099.50}.
   */
  String name(Cell cell) {
    Envelope area = envelope(cell);
    double south = area.getMinY();
    double west = area.getMinX();
    boolean whole = degrees >= 1;
    return String.format(
        Locale.ROOT,
        whole ? "%s%02.0f%s%03.0f" : "%s%05.2f%s%06.2f",
        south < 0 ? "S" : "N",
        Math.abs(south),
        west < 0 ? "W" : "E",
        Math.abs(west));
  }

  /** Returns the position of a place on the Hilbert curve through its cell. */
  int hilbert(Cell cell, double lon, double lat) {
    Envelope area = envelope(cell);
    return HilbertCode.encode(
        LEVEL,
        step(lon - area.getMinX(), area.getWidth()),
        step(lat - area.getMinY(), area.getHeight()));
  }

  private static int step(double offset, double span) {
    return Math.max(0, Math.min(STEPS - 1, (int) (offset / span * STEPS)));
  }
}
