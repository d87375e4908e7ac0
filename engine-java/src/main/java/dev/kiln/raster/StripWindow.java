package dev.kiln.raster;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Part of a scene's grid that one strip covers.
 *
 * @param firstRow first grid row
 * @param rows number of grid rows
 * @param firstColumn first grid column
 * @param width number of grid columns
 * @param chipRows rows of chips in the strip
 * @param chipColumns columns of chips in the strip
 * @param spans ranges of columns with wanted chips, counted from the strip's first, ascending and
 *     disjoint; only these are read
 * @param endsRows whether it is the last strip of its rows of chips
 */
public record StripWindow(
    int firstRow,
    int rows,
    int firstColumn,
    int width,
    Span chipRows,
    Span chipColumns,
    List<Span> spans,
    boolean endsRows) {
  /**
   * Half-open range.
   *
   * @param begin first element
   * @param end element after the last
   */
  public record Span(int begin, int end) {
    Span shifted(int by) {
      return new Span(begin + by, end + by);
    }

    int length() {
      return end - begin;
    }
  }

  public StripWindow {
    spans = List.copyOf(spans);
  }

  /** Returns the same window as the last of its rows of chips. */
  StripWindow endingRows() {
    return new StripWindow(firstRow, rows, firstColumn, width, chipRows, chipColumns, spans, true);
  }

  /**
   * Returns the part of the window that is inside a rectangle of the grid, in the coordinates of
   * another grid.
   *
   * @param left first column of the rectangle
   * @param top first row of the rectangle
   * @param width columns of the rectangle
   * @param height rows of the rectangle
   * @param x column of the other grid at which the rectangle starts
   * @param y row of the other grid at which the rectangle starts
   * @return empty if no span has a part in it
   */
  public Optional<StripWindow> inside(int left, int top, int width, int height, int x, int y) {
    int begin = Math.max(firstColumn, left);
    int end = (int) Math.min((long) firstColumn + this.width, (long) left + width);
    int first = Math.max(firstRow, top);
    int last = (int) Math.min((long) firstRow + rows, (long) top + height);
    List<Span> parts = new ArrayList<>();
    for (Span span : spans) {
      int from = Math.max(span.begin() + firstColumn, begin);
      int to = Math.min(span.end() + firstColumn, end);
      if (from < to) {
        parts.add(new Span(from - begin, to - begin));
      }
    }
    return first >= last || parts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new StripWindow(
                first - top + y,
                last - first,
                begin - left + x,
                end - begin,
                chipRows,
                chipColumns,
                parts,
                endsRows));
  }

  /**
   * Returns the window of a square of the grid.
   *
   * @param left first column
   * @param top first row
   * @param edge columns and rows
   */
  public static StripWindow square(int left, int top, int edge) {
    Span one = new Span(0, 1);
    return new StripWindow(top, edge, left, edge, one, one, List.of(new Span(0, edge)), true);
  }

  /**
   * Returns the spans with those that share a tile joined: a tile is inflated once anyway, and
   * copying more of it is cheap.
   *
   * @param tileWidth width of a tile in grid columns
   */
  List<Span> joined(int tileWidth) {
    List<Span> joined = new ArrayList<>();
    for (Span span : spans) {
      int last = joined.size() - 1;
      if (last >= 0
          && (firstColumn + joined.get(last).end() - 1) / tileWidth
              == (firstColumn + span.begin()) / tileWidth) {
        joined.set(last, new Span(joined.get(last).begin(), span.end()));
      } else {
        joined.add(span);
      }
    }
    return joined;
  }
}
