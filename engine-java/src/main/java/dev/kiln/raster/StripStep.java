package dev.kiln.raster;

import java.util.List;

/**
 * How a scene's grid is cut into strips.
 *
 * @param tileHeight height of the highest row of tiles of the finest bands, in grid pixels, but at
 *     most 2048: a file that is stored in one piece must not become one strip. That of a coarser
 *     band may be higher: it is few bytes, and to hold all the others for it would be many.
 * @param rowStep every so many grid rows, a row of pixels begins in all bands at once
 */
public record StripStep(int tileHeight, int rowStep) {
  private static final int MOST_ROWS = 2048;

  /**
   * The tiles of one file.
   *
   * @param width columns of the file in its own pixels
   * @param height rows of a tile in its own pixels
   */
  public record Tiles(int width, int height) {}

  /**
   * @param gridWidth columns of the grid, which are at least those of any file
   * @param files of the scene
   */
  public static StripStep of(int gridWidth, List<Tiles> files) {
    int finest = files.stream().mapToInt(Tiles::width).max().orElseThrow();
    int tileHeight = 0;
    int rowStep = 1;
    for (Tiles tiles : files) {
      int repeat = gridWidth / tiles.width();
      rowStep = commonMultiple(rowStep, repeat);
      if (tiles.width() == finest) {
        tileHeight = Math.max(tileHeight, tiles.height() * repeat);
      }
    }
    return new StripStep(Math.min(tileHeight, MOST_ROWS), rowStep);
  }

  private static int commonMultiple(int a, int b) {
    int multiple = a;
    while (multiple % b != 0) {
      multiple += a;
    }
    return multiple;
  }
}
