package dev.kiln.raster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

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
   * a tile is inflated once.
   *
   * @param tileHeight tile height in grid pixels
   * @param rowStep a strip's first row is a multiple of this number of grid rows, at which pixels
   *     of all bands start; it can be a few rows above its first chip
   * @param surviving indices of the wanted chips; strips without any are omitted
   */
  public List<StripWindow> strips(int tileHeight, int rowStep, BitSet surviving) {
    int step = Math.max(1, tileHeight / chipSize);
    List<StripWindow> strips = new ArrayList<>();
    for (int first = 0; first < rows; first += step) {
      int end = Math.min(rows, first + step);
      BitSet wanted = new BitSet(columns);
      for (int y = first; y < end; y++) {
        for (int x = 0; x < columns; x++) {
          if (surviving.get(y * columns + x)) {
            wanted.set(x);
          }
        }
      }
      if (!wanted.isEmpty()) {
        strips.add(window(first, end, wanted, rowStep));
      }
    }
    return strips;
  }

  private StripWindow window(int first, int end, BitSet wanted, int rowStep) {
    List<StripWindow.Span> spans = new ArrayList<>();
    for (int x = wanted.nextSetBit(0); x >= 0; ) {
      int stop = wanted.nextClearBit(x);
      spans.add(new StripWindow.Span(x * chipSize, stop * chipSize));
      x = wanted.nextSetBit(stop);
    }
    int firstRow = first * chipSize / rowStep * rowStep;
    return new StripWindow(
        firstRow,
        end * chipSize - firstRow,
        columns * chipSize,
        new StripWindow.Span(first, end),
        spans);
  }

  /** Returns the indices of all chips in a strip. */
  public BitSet chips(StripWindow window) {
    BitSet chips = new BitSet(size());
    chips.set(window.chipRows().begin() * columns, window.chipRows().end() * columns);
    return chips;
  }
}
