package dev.kiln.raster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The whole chips of a scene: squares of {@code chipSize} pixels from the scene's upper-left
 * corner, row by row. Chip (x, y) has index {@code y·columns + x}; its upper-left pixel is
 * (x·chipSize, y·chipSize).
 *
 * @param columns number of chips across
 * @param rows number of chips down
 * @param chipSize edge of a chip in pixels
 */
public record ChipGrid(int columns, int rows, int chipSize) {
  /** Returns the grid of a scene of {@code width} × {@code height} pixels. */
  public static ChipGrid of(int width, int height, int chipSize) {
    return new ChipGrid(width / chipSize, height / chipSize, chipSize);
  }

  /** Returns the number of chips. */
  public int size() {
    return columns * rows;
  }

  /** Returns the indices of all chips. */
  public BitSet all() {
    BitSet all = new BitSet(size());
    all.set(0, size());
    return all;
  }

  /** Returns the pixel column of a chip's left edge. */
  public int left(int chipIndex) {
    return chipIndex % columns * chipSize;
  }

  /** Returns the pixel row of a chip's upper edge. */
  public int top(int chipIndex) {
    return chipIndex / columns * chipSize;
  }

  /**
   * Cuts the grid into strips of whole rows of chips, each about as high as a row of tiles, so that
   * a tile is inflated once. Very wide strips are cut into blocks of columns. A strip's first row
   * and column are multiples of the step, so they can be a few pixels outside its first chip.
   *
   * @param cut how the scene is cut
   * @param surviving indices of the wanted chips; strips without any are omitted
   * @return row by row, each from the left
   */
  public List<StripWindow> strips(StripStep cut, BitSet surviving) {
    int high = cut.chipRows(chipSize);
    int wide = cut.chipColumns(chipSize);
    List<StripWindow> strips = new ArrayList<>();
    for (int y = 0; y < rows; y += high) {
      StripWindow.Span chipRows = new StripWindow.Span(y, Math.min(rows, y + high));
      for (int x = 0; x < columns; x += wide) {
        StripWindow.Span chipColumns = new StripWindow.Span(x, Math.min(columns, x + wide));
        BitSet wanted = new BitSet(columns);
        for (int row = chipRows.begin(); row < chipRows.end(); row++) {
          int first = row * columns;
          for (int i = surviving.nextSetBit(first + chipColumns.begin());
              i >= 0 && i < first + chipColumns.end();
              i = surviving.nextSetBit(i + 1)) {
            wanted.set(i - first);
          }
        }
        if (!wanted.isEmpty()) {
          strips.add(window(chipRows, chipColumns, wanted, cut.step()));
        }
      }
    }
    return strips;
  }

  private StripWindow window(
      StripWindow.Span chipRows, StripWindow.Span chipColumns, BitSet wanted, int step) {
    int firstRow = chipRows.begin() * chipSize / step * step;
    int firstColumn = chipColumns.begin() * chipSize / step * step;
    List<StripWindow.Span> spans = new ArrayList<>();
    for (int x = wanted.nextSetBit(0); x >= 0; ) {
      int stop = wanted.nextClearBit(x);
      spans.add(new StripWindow.Span(x * chipSize - firstColumn, stop * chipSize - firstColumn));
      x = wanted.nextSetBit(stop);
    }
    return new StripWindow(
        firstRow,
        chipRows.end() * chipSize - firstRow,
        firstColumn,
        chipColumns.end() * chipSize - firstColumn,
        chipRows,
        chipColumns,
        spans);
  }

  /**
   * Returns the indices of the wanted chips in a strip, row by row.
   *
   * @param wanted indices of chips, also of other strips
   */
  public int[] chips(StripWindow window, BitSet wanted) {
    IntStream.Builder chips = IntStream.builder();
    for (int y = window.chipRows().begin(); y < window.chipRows().end(); y++) {
      int end = y * columns + window.chipColumns().end();
      for (int i = wanted.nextSetBit(y * columns + window.chipColumns().begin());
          i >= 0 && i < end;
          i = wanted.nextSetBit(i + 1)) {
        chips.add(i);
      }
    }
    return chips.build().toArray();
  }
}
