package dev.kiln.raster;

import java.util.BitSet;

/**
 * Pixels of a strip that have no data, on the scene's grid.
 *
 * @param missing pixel (x, y) of the strip is bit {@code y·width + x}
 * @param firstRow first grid row of the strip
 * @param firstColumn first grid column of the strip
 * @param width grid columns of the strip
 */
public record MissingPixels(BitSet missing, int firstRow, int firstColumn, int width) {
  /** Returns a strip in which all pixels have data. */
  static MissingPixels none(StripWindow window) {
    return new MissingPixels(new BitSet(), window.firstRow(), window.firstColumn(), window.width());
  }

  /**
   * Returns whether a pixel of the strip has no data; {@code x} and {@code y} count from the
   * strip's first column and row.
   */
  boolean at(int x, int y) {
    return missing.get(Math.addExact(Math.multiplyExact(y, width), x));
  }

  void set(int x, int y) {
    missing.set(Math.addExact(Math.multiplyExact(y, width), x));
  }

  /**
   * Returns the share of a chip's pixels that have no data, 0 to 1.
   *
   * @param column grid column of the chip's left edge
   * @param row grid row of the chip's upper edge
   * @param chipSize edge of the chip in pixels
   */
  public double share(int column, int row, int chipSize) {
    if (missing.isEmpty()) {
      return 0;
    }
    long count = 0;
    for (int y = row - firstRow; y < row - firstRow + chipSize; y++) {
      int from = y * width + column - firstColumn;
      for (int i = missing.nextSetBit(from);
          i >= 0 && i < from + chipSize;
          i = missing.nextSetBit(i + 1)) {
        count++;
      }
    }
    return count / ((double) chipSize * chipSize);
  }
}
