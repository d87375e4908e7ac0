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

  /**
   * Cuts the grid into strips of whole rows of chips, each about as high as a row of tiles, so that
   * a tile is inflated once.
   *
   * @param tileHeight height of a row of tiles, in grid pixels
   * @param surviving indices of the chips that are wanted; strips without any are left out
   */
  public List<StripWindow> strips(int tileHeight, BitSet surviving) {
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
        strips.add(window(first, end, wanted));
      }
    }
    return strips;
  }

  private StripWindow window(int first, int end, BitSet wanted) {
    List<StripWindow.Span> spans = new ArrayList<>();
    for (int x = wanted.nextSetBit(0); x >= 0; ) {
      int stop = wanted.nextClearBit(x);
      spans.add(new StripWindow.Span(x * chip, stop * chip));
      x = wanted.nextSetBit(stop);
    }
    return new StripWindow(first * chip, (end - first) * chip, columns * chip, spans);
  }
}
