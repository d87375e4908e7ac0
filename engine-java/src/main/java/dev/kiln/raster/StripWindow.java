package dev.kiln.raster;

import java.util.ArrayList;
import java.util.List;

/**
 * The part of a scene's grid that one strip covers.
 *
 * @param firstRow first grid row
 * @param rows grid rows
 * @param width grid columns from 0 that the strip has room for
 * @param chipRows the rows of chips that it was cut for
 * @param spans the grid columns that hold wanted chips, ascending and apart; only these are read
 */
public record StripWindow(int firstRow, int rows, int width, Span chipRows, List<Span> spans) {
  /** From {@code begin} up to, not including, {@code end}. */
  public record Span(int begin, int end) {}

  public StripWindow {
    spans = List.copyOf(spans);
  }

  /**
   * The spans, those joined that lie in the same tile: a tile is inflated once, and to place more
   * of it costs little.
   *
   * @param tileWidth in grid columns
   */
  List<Span> joined(int tileWidth) {
    List<Span> joined = new ArrayList<>();
    for (Span span : spans) {
      int last = joined.size() - 1;
      if (last >= 0 && (joined.get(last).end() - 1) / tileWidth == span.begin() / tileWidth) {
        joined.set(last, new Span(joined.get(last).begin(), span.end()));
      } else {
        joined.add(span);
      }
    }
    return joined;
  }
}
