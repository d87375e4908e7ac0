package dev.kiln.raster;

import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.OptionalDouble;

/** Pixels of tiles that were never written: they have no data. */
final class UnwrittenTiles {
  private UnwrittenTiles() {}

  /**
   * Marks the pixels of a window of the north-up image that are in such tiles.
   *
   * @param band band number, from 1
   * @param into one byte per pixel of the window, row by row; null to only look
   * @return whether the window has such pixels
   */
  static boolean mark(CogFile file, int band, int x, int y, int w, int h, ByteBuffer into) {
    if (file.layout().isEmpty()) {
      return false;
    }
    CogLayout tiles = file.layout().get();
    int tileWidth = file.tileWidth();
    int tileHeight = file.tileHeight();
    int left = file.flippedX() ? file.width() - x - w : x;
    int top = file.flippedY() ? file.height() - y - h : y;
    byte mark = storesNodata(file, band) ? FileValidity.OMITTED : FileValidity.MISSING;
    boolean found = false;
    for (int row = top / tileHeight; row <= (top + h - 1) / tileHeight; row++) {
      for (int column = left / tileWidth; column <= (left + w - 1) / tileWidth; column++) {
        if (tiles.tile(column, row, band).length() == 0) {
          found = true;
          for (int j = Math.max(top, row * tileHeight);
              into != null && j < Math.min(top + h, (row + 1) * tileHeight);
              j++) {
            int line = file.flippedY() ? h - 1 - (j - top) : j - top;
            for (int i = Math.max(left, column * tileWidth);
                i < Math.min(left + w, (column + 1) * tileWidth);
                i++) {
              int at = line * w + (file.flippedX() ? w - 1 - (i - left) : i - left);
              if (into.get(at) == FileValidity.VALID) {
                into.put(at, mark);
              }
            }
          }
        }
      }
    }
    return found;
  }

  /** Returns whether the pixel type can store the declared nodata value of a band. */
  private static boolean storesNodata(CogFile file, int band) {
    OptionalDouble value = file.nodata(band);
    if (value.isEmpty() || file.type() == PixelType.FLOAT32) {
      return value.isPresent();
    }
    double nodata = value.getAsDouble();
    return switch (file.type()) {
      case UINT8 -> nodata >= 0 && nodata <= 0xFF;
      case UINT16 -> nodata >= 0 && nodata <= 0xFFFF;
      default -> nodata >= Short.MIN_VALUE && nodata <= Short.MAX_VALUE;
    };
  }
}
