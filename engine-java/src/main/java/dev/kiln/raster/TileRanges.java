package dev.kiln.raster;

import dev.kiln.memory.ByteRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Finds the tiles of an image that windows of a scene's grid intersect. */
final class TileRanges {
  private TileRanges() {}

  /** Returns the bytes of the tiles that windows intersect; see {@link CogLayout#tiles}. */
  static List<ByteRange> of(CogLayout image, List<StripWindow> windows, int repeat, int... wanted) {
    BitSet touched = touched(image, image, windows, repeat);
    List<ByteRange> ranges = new ArrayList<>(ranges(image, touched, wanted));
    if (image.alphaBand() > 0 && !image.interleaved()) {
      ranges.addAll(ranges(image, touched, image.alphaBand()));
    }
    image.mask().ifPresent(mask -> ranges.addAll(ofMask(mask, image, windows, repeat)));
    return ranges;
  }

  /** Returns the bytes of a mask's tiles that windows intersect. */
  static List<ByteRange> ofMask(
      CogLayout mask, CogLayout image, List<StripWindow> windows, int repeat) {
    return ranges(mask, touched(mask, image, windows, repeat), 1);
  }

  /** Returns the bytes of all tiles of some bands. */
  static List<ByteRange> ofImage(CogLayout image, int... wanted) {
    BitSet all = new BitSet();
    all.set(0, image.columns() * image.rows());
    return ranges(image, all, wanted);
  }

  /** Returns the tiles that windows intersect, in the orientation of another image. */
  private static BitSet touched(
      CogLayout tiles, CogLayout image, List<StripWindow> windows, int repeat) {
    BitSet touched = new BitSet();
    int columns = tiles.columns();
    for (StripWindow window : windows) {
      StripWindow.Span lines =
          stored(
              window.firstRow(),
              window.firstRow() + window.rows(),
              repeat,
              tiles.height(),
              image.flippedY());
      int top = lines.begin() / tiles.tileHeight();
      int bottom = (lines.end() - 1) / tiles.tileHeight();
      for (StripWindow.Span span : window.spans()) {
        StripWindow.Span pixels =
            stored(
                window.firstColumn() + span.begin(),
                window.firstColumn() + span.end(),
                repeat,
                tiles.width(),
                image.flippedX());
        int left = pixels.begin() / tiles.tileWidth();
        int right = (pixels.end() - 1) / tiles.tileWidth();
        for (int row = top; row <= bottom && left <= right; row++) {
          touched.set(row * columns + left, row * columns + right + 1);
        }
      }
    }
    return touched;
  }

  /**
   * Returns whether all tiles that a square of a scene's grid touches were never written.
   *
   * @param x left edge of the square in grid pixels
   * @param y upper edge of the square in grid pixels
   * @param edge side of the square in grid pixels
   * @param repeat grid pixels per pixel of this file in each direction
   * @param wanted band numbers, from 1
   */
  static boolean isUnwritten(CogLayout image, int x, int y, int edge, int repeat, int... wanted) {
    StripWindow.Span pixels = stored(x, x + edge, repeat, image.width(), image.flippedX());
    StripWindow.Span lines = stored(y, y + edge, repeat, image.height(), image.flippedY());
    for (int band : image.interleaved() ? new int[] {1} : wanted) {
      for (int row = lines.begin() / image.tileHeight();
          row <= (lines.end() - 1) / image.tileHeight();
          row++) {
        for (int column = pixels.begin() / image.tileWidth();
            column <= (pixels.end() - 1) / image.tileWidth();
            column++) {
          if (image.tile(column, row, band).length() > 0) {
            return false;
          }
        }
      }
    }
    return true;
  }

  /** Converts a range of grid pixels to stored pixels. */
  private static StripWindow.Span stored(
      int begin, int end, int repeat, int size, boolean flipped) {
    int first = Math.min(size, begin / repeat);
    int last = Math.min(size, (end + repeat - 1) / repeat);
    return flipped
        ? new StripWindow.Span(size - last, size - first)
        : new StripWindow.Span(first, last);
  }

  private static List<ByteRange> ranges(CogLayout image, BitSet touched, int... wanted) {
    int columns = image.columns();
    List<ByteRange> ranges = new ArrayList<>();
    for (int band : image.interleaved() ? new int[] {1} : wanted) {
      for (int i = touched.nextSetBit(0); i >= 0; i = touched.nextSetBit(i + 1)) {
        ByteRange range = image.tile(i % columns, i / columns, band);
        if (range.length() > 0) {
          ranges.add(range);
        }
      }
    }
    return ranges;
  }
}
