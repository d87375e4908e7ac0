package dev.kiln.explore;

import dev.kiln.archive.MosaicPiece;
import dev.kiln.tiles.TiledTiff;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Files of one grid that cover a part of a scene: those of its bands, or a file of a mosaic.
 *
 * @param names files of red, green and blue
 * @param bands their band numbers, from 1
 * @param left column of the scene at the left edge of the files
 * @param top row of the scene at the upper edge of the files
 * @param part of the scene that the files cover
 * @param nodata value that covers nothing; empty if all values cover
 */
record SceneLayer(
    List<String> names,
    int[] bands,
    int left,
    int top,
    TiledTiff.Window part,
    OptionalDouble nodata) {

  /** Returns the layer of files that cover a whole scene. */
  static SceneLayer ofFiles(List<String> names, int[] bands, int width, int height) {
    return new SceneLayer(
        names, bands, 0, 0, new TiledTiff.Window(0, 0, width, height), OptionalDouble.empty());
  }

  /** Returns the layer of a file of a mosaic. */
  static SceneLayer ofPiece(MosaicPiece piece, int[] bands) {
    String name = piece.object().name();
    return new SceneLayer(
        List.of(name, name, name),
        bands,
        piece.left() - piece.x(),
        piece.top() - piece.y(),
        new TiledTiff.Window(piece.left(), piece.top(), piece.width(), piece.height()),
        piece.nodata());
  }

  /** Returns the file whose grid all have. */
  String grid() {
    return names.get(0);
  }

  /** Returns whether a window of the scene has pixels of this layer. */
  boolean isIn(TiledTiff.Window window) {
    TiledTiff.Window common = intersection(window, part);
    return common.width() > 0 && common.height() > 0;
  }

  /** Returns whether a place in the scene is covered. */
  boolean covers(double x, double y) {
    return x >= part.x()
        && y >= part.y()
        && x < part.x() + part.width()
        && y < part.y() + part.height();
  }

  /** Returns the part of a window of the scene that is covered, in pixels of the files. */
  TiledTiff.Window inFile(TiledTiff.Window window) {
    TiledTiff.Window common = intersection(window, part);
    return new TiledTiff.Window(
        common.x() - left, common.y() - top, common.width(), common.height());
  }

  /** Returns what to fetch for a window of a level of the files. */
  List<SceneFiles.Part> fetches(int level, TiledTiff.Window window) {
    List<SceneFiles.Part> parts = new ArrayList<>();
    for (String name : names.stream().distinct().toList()) {
      int[] own = new int[bands.length];
      int count = 0;
      for (int c = 0; c < bands.length; c++) {
        if (names.get(c).equals(name)) {
          own[count++] = bands[c];
        }
      }
      parts.add(new SceneFiles.Part(name, level, window, Arrays.copyOf(own, count)));
    }
    return parts;
  }

  /** Returns the common part of two windows; its width or height is 0 if there is none. */
  static TiledTiff.Window intersection(TiledTiff.Window a, TiledTiff.Window b) {
    int left = Math.max(a.x(), b.x());
    int top = Math.max(a.y(), b.y());
    int right = Math.min(a.x() + a.width(), b.x() + b.width());
    int bottom = Math.min(a.y() + a.height(), b.y() + b.height());
    return new TiledTiff.Window(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
  }
}
