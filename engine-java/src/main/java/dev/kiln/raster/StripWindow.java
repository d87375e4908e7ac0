package dev.kiln.raster;

import java.util.ArrayList;
import java.util.List;

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
