package dev.kiln.raster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The whole chips of a scene: squares of {@code chip} pixels from the scene's upper-left corner,
 * row by row. Chip (x, y) has index {@code y·columns + x} and begins at pixel (x·chip, y·chip).
 *
 * @param columns chips across
 * @param rows chips down
 * @param chip edge in pixels
 */
public record ChipGrid(int columns, int rows, int chip) {
  /** The grid of a scene of {@code width} × {@code height} pixels. */
  public static ChipGrid of(int width, int height, int chip) {
    return new ChipGrid(width / chip, height / chip, chip);
  }

  /** Chips in the grid. */
  public int size() {
    return columns * rows;
  }

  /** Indices of all chips. */
  public BitSet all() {
    BitSet all = new BitSet(size());
    all.set(0, size());
    return all;
  }

  /** Pixel column of a chip's left edge. */
  public int column(int index) {
    return index % columns * chip;
  }

  /** Pixel row of a chip's upper edge. */
  public int row(int index) {
    return index / columns * chip;
  }

  /**
   * Cuts the grid into strips of whole rows of chips, each about as high as a row of tiles, so that
   * a tile is inflated once.
   *
   * @param tileHeight height of a row of tiles, in grid pixels
   * @param rowStep a strip begins at a multiple of so many grid rows, to begin with a pixel of
   *     every band; that may be a few rows above its first chip
   * @param surviving indices of the chips that are wanted; strips without any are left out
   */
  public List<StripWindow> strips(int tileHeight, int rowStep, BitSet surviving) {
    int step = Math.max(1, tileHeight / chip);
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
      spans.add(new StripWindow.Span(x * chip, stop * chip));
      x = wanted.nextSetBit(stop);
    }
    int firstRow = first * chip / rowStep * rowStep;
    return new StripWindow(
        firstRow, end * chip - firstRow, columns * chip, new StripWindow.Span(first, end), spans);
  }

  /** Indices of the chips whose rows a strip was cut for. */
  public BitSet chips(StripWindow window) {
    BitSet chips = new BitSet(size());
    chips.set(window.chipRows().begin() * columns, window.chipRows().end() * columns);
    return chips;
  }
}
