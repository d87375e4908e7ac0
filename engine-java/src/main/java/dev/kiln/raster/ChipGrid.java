package dev.kiln.raster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The chips of a scene: squares of {@code chipSize} pixels at multiples of {@code stride} from the
 * scene's upper-left corner, row by row. Only the last column and the last row can be elsewhere.
 * Chip (x, y) has index {@code y·columns + x}.
 *
 * @param columns number of chips across
 * @param rows number of chips down
 * @param chipSize edge of a chip in pixels
 * @param stride distance from one chip to the next in pixels
 * @param lastLeft pixel column of the left edge of the last column of chips
 * @param lastTop pixel row of the upper edge of the last row of chips
 */
public record ChipGrid(int columns, int rows, int chipSize, int stride, int lastLeft, int lastTop) {
  /**
   * Returns the grid of a scene of {@code width} × {@code height} pixels.
   *
   * @throws ArithmeticException if there are too many chips, or the last ends beyond 2³¹ − 1 pixels
   */
  public static ChipGrid of(int width, int height, ChipLayout layout) {
    ChipLayout.Side across = layout.along(width);
    ChipLayout.Side down = layout.along(height);
    Math.multiplyExact(across.count(), down.count());
    Math.toIntExact(Math.max(across.last(), down.last()) + layout.chipSize());
    return new ChipGrid(
        across.count(),
        down.count(),
        layout.chipSize(),
        layout.stride(),
        (int) across.last(),
        (int) down.last());
  }

  /** Returns the grid of the whole chips, side by side, of a scene. */
  public static ChipGrid of(int width, int height, int chipSize) {
    return of(width, height, ChipLayout.sideBySide(chipSize));
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
    return columnLeft(chipIndex % columns);
  }

  /** Returns the pixel row of a chip's upper edge. */
  public int top(int chipIndex) {
    return rowTop(chipIndex / columns);
  }

  /** Returns the pixel column of the left edge of a column of chips. */
  public int columnLeft(int column) {
    return Math.min(column * stride, lastLeft);
  }

  /** Returns the pixel row of the upper edge of a row of chips. */
  public int rowTop(int row) {
    return Math.min(row * stride, lastTop);
  }

  /**
   * Cuts the grid into strips of whole rows of chips, each about as high as a row of tiles, so that
   * a tile is inflated once, unless chips overlap. Very wide strips are cut into blocks of columns.
   * A strip's first row and column are multiples of the step, so they can be a few pixels outside
   * its first chip.
   *
   * @param cut how the scene is cut
   * @param surviving indices of the wanted chips; strips without any are omitted
   * @return row by row, each from the left
   */
  public List<StripWindow> strips(StripStep cut, BitSet surviving) {
    int high = cut.chipRows(chipSize, stride);
    int wide = cut.chipColumns(chipSize, stride);
    List<StripWindow> strips = new ArrayList<>();
    for (int y = 0; y < rows; y += high) {
      int before = strips.size();
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
      if (strips.size() > before) {
        strips.set(strips.size() - 1, strips.get(strips.size() - 1).endingRows());
      }
    }
    return strips;
  }

  private StripWindow window(
      StripWindow.Span chipRows, StripWindow.Span chipColumns, BitSet wanted, int step) {
    int firstRow = rowTop(chipRows.begin()) / step * step;
    int firstColumn = columnLeft(chipColumns.begin()) / step * step;
    List<StripWindow.Span> spans = new ArrayList<>();
    for (int x = wanted.nextSetBit(0); x >= 0; x = wanted.nextSetBit(x + 1)) {
      int begin = columnLeft(x) - firstColumn;
      int last = spans.size() - 1;
      if (last >= 0 && begin <= spans.get(last).end()) {
        spans.set(last, new StripWindow.Span(spans.get(last).begin(), begin + chipSize));
      } else {
        spans.add(new StripWindow.Span(begin, begin + chipSize));
      }
    }
    return new StripWindow(
        firstRow,
        rowTop(chipRows.end() - 1) + chipSize - firstRow,
        firstColumn,
        columnLeft(chipColumns.end() - 1) + chipSize - firstColumn,
        chipRows,
        chipColumns,
        spans,
        false);
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
