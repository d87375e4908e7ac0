package dev.kiln.raster;

import java.util.List;

/**
 * How a scene's grid is cut into strips.
 *
 * @param tileHeight largest tile height of the finest bands, in grid pixels, at most 2048, so that
 *     a file stored as a single tile does not become a single strip. Tiles of coarser bands may be
 *     higher: they are small, and strips of their height would take too much memory.
 * @param tileWidth largest tile width of the finest bands, in grid pixels
 * @param step distance in grid rows between rows, and in grid columns between columns, at which
 *     pixels of all bands start
 * @param pixelBytes bytes of all bands per grid pixel
 * @param maxBytes strips with more bytes than this are cut into blocks of columns, so that memory
 *     does not grow with the width of a scene
 */
public record StripStep(int tileHeight, int tileWidth, int step, double pixelBytes, long maxBytes) {
  private static final int MOST_ROWS = 2048;

  /** Chips in a strip, at most: their vectors are held together. */
  private static final int MOST_CHIPS = 16_384;

  /**
   * Tiles of one file.
   *
   * @param width width of the file in its own pixels
   * @param tileWidth width of a tile in its own pixels
   * @param tileHeight height of a tile in its own pixels
   * @param pixelBytes bytes of a pixel in all bands that are read
   */
  public record Tiles(int width, int tileWidth, int tileHeight, int pixelBytes) {}

  /**
   * Derives the cut from the files of a scene.
   *
   * @param gridWidth width of the grid, at least that of any file
   * @param files tiles of the scene's files
   * @param maxBytes limit on the bytes of a strip
   */
  public static StripStep of(int gridWidth, List<Tiles> files, long maxBytes) {
    int finest = files.stream().mapToInt(Tiles::width).max().orElseThrow();
    int tileHeight = 0;
    int tileWidth = 0;
    int step = 1;
    double pixelBytes = 0;
    for (Tiles tiles : files) {
      int repeat = gridWidth / tiles.width();
      step = commonMultiple(step, repeat);
      pixelBytes += (double) tiles.pixelBytes() / repeat / repeat;
      if (tiles.width() == finest) {
        tileHeight =
            (int) Math.max(tileHeight, Math.min(MOST_ROWS, (long) tiles.tileHeight() * repeat));
        tileWidth =
            (int) Math.max(tileWidth, Math.min(gridWidth, (long) tiles.tileWidth() * repeat));
      }
    }
    return new StripStep(tileHeight, tileWidth, step, pixelBytes, maxBytes);
  }

  /** Returns the number of rows of chips in a strip: as many as fit a row of tiles. */
  int chipRows(int chipSize, int stride) {
    return tileHeight < chipSize ? 1 : (tileHeight - chipSize) / stride + 1;
  }

  /**
   * Returns the number of columns of chips in a strip, at most: whole tiles if they are narrower
   * than that.
   */
  int chipColumns(int chipSize, int stride) {
    long rows = (chipRows(chipSize, stride) - 1L) * stride + chipSize;
    long pixels = (long) Math.min(Integer.MAX_VALUE, maxBytes / (rows * pixelBytes));
    long fitting = pixels < chipSize ? 0 : (pixels - chipSize) / stride + 1;
    long chips = Math.min(fitting, MOST_CHIPS / chipRows(chipSize, stride));
    long whole = commonMultiple(tileWidth, stride) / stride;
    return (int) Math.max(1, whole <= chips ? chips / whole * whole : chips);
  }

  private static int commonMultiple(int a, int b) {
    long multiple = a;
    while (multiple % b != 0) {
      multiple += a;
    }
    return (int) Math.min(Integer.MAX_VALUE, multiple);
  }
}
