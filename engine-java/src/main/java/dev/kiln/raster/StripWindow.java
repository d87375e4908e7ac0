package dev.kiln.raster;

import java.util.List;

/**
 * The part of a scene's grid that one strip covers.
 *
 * @param firstRow first grid row
 * @param rows grid rows
 * @param width grid columns from 0 that the strip has room for
 * @param spans the columns that hold wanted chips, ascending and apart; only these are read
 */
public record StripWindow(int firstRow, int rows, int width, List<Span> spans) {
  /** Grid columns from {@code begin} up to, not including, {@code end}. */
  public record Span(int begin, int end) {}

  public StripWindow {
    spans = List.copyOf(spans);
  }
}
