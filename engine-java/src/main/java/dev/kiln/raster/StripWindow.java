package dev.kiln.raster;

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
}
