package dev.kiln.raster;

import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.OptionalDouble;

/** Pixels of tiles that were never written: they have no data. */
final class UnwrittenTiles {
  private UnwrittenTiles() {}

  /**
   * Returns whether a window of the north-up image touches such tiles.
   *
   * @param band band number, from 1
   * @param columns columns of the image
   * @param y first row
   * @param h rows
   */
  static boolean isIn(CogFile file, int band, StripWindow.Span columns, int y, int h) {
    boolean[] found = new boolean[1];
    forEach(file, band, columns, y, h, (x, top, w, rows) -> found[0] = true);
    return found[0];
  }

  /** Takes the part of a window that is in one unwritten tile, in stored coordinates. */
  private interface Part {
    void accept(int x, int y, int w, int h);
  }

  private static void forEach(
      CogFile file, int band, StripWindow.Span columns, int y, int h, Part part) {
    if (file.layout().isEmpty()) {
      return;
    }
    CogLayout tiles = file.layout().get();
    int w = columns.length();
    int tileWidth = tiles.tileWidth();
    int tileHeight = tiles.tileHeight();
    int left = file.flippedX() ? file.width() - columns.end() : columns.begin();
    int top = file.flippedY() ? file.height() - y - h : y;
    for (int row = top / tileHeight; row <= (top + h - 1) / tileHeight; row++) {
      int first = Math.max(top, row * tileHeight);
      int last = (int) Math.min(top + h, (row + 1L) * tileHeight);
      for (int column = left / tileWidth; column <= (left + w - 1) / tileWidth; column++) {
        if (tiles.tile(column, row, band).length() == 0) {
          int begin = Math.max(left, column * tileWidth);
          int end = (int) Math.min(left + w, (column + 1L) * tileWidth);
          part.accept(begin, first, end - begin, last - first);
        }
      }
    }
  }

  /**
   * Marks the pixels of a window of the north-up image that are in such tiles.
   *
   * @param band band number, from 1
   * @param columns columns of the plane to mark
   * @param left column of the image at which the plane starts
   * @param y row of the image at which the plane starts
   * @param h rows
   * @param plane receives the marks
   */
  static void mark(
      CogFile file,
      int band,
      StripWindow.Span columns,
      int left,
      int y,
      int h,
      FileValidity.Plane plane) {
    ByteBuffer view = plane.view();
    byte mark = storesNodata(file, band) ? FileValidity.OMITTED : FileValidity.MISSING;
    forEach(
        file,
        band,
        columns.shifted(left),
        y,
        h,
        (x, top, w, rows) -> {
          int begin = (file.flippedX() ? file.width() - x - w : x) - left;
          int first = (file.flippedY() ? file.height() - top - rows : top) - y;
          for (int line = first; line < first + rows; line++) {
            for (int at = line * plane.width() + begin;
                at < line * plane.width() + begin + w;
                at++) {
              if (view.get(at) == FileValidity.VALID) {
                view.put(at, mark);
              }
            }
          }
        });
  }

  /** Returns whether the pixel type can store the declared nodata value of a band. */
  private static boolean storesNodata(CogFile file, int band) {
    OptionalDouble value = file.nodata(band);
    if (value.isEmpty()) {
      return false;
    }
    return stores(file.type(), value.getAsDouble());
  }

  /** Returns whether a pixel type can store a nodata value. */
  static boolean stores(PixelType type, double nodata) {
    return switch (type) {
      case FLOAT32 -> true;
      case UINT8 -> nodata >= 0 && nodata <= 0xFF;
      case UINT16 -> nodata >= 0 && nodata <= 0xFFFF;
      case INT16 -> nodata >= Short.MIN_VALUE && nodata <= Short.MAX_VALUE;
    };
  }
}
