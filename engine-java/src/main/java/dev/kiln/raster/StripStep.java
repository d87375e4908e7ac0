package dev.kiln.raster;

import java.util.List;

/**
 * Height and alignment of the strips that a scene's grid is cut into.
 *
 * @param tileHeight largest tile height of the finest bands, in grid pixels, at most 2048, so that
 *     a file stored as a single tile does not become a single strip. Tiles of coarser bands may be
 *     higher: they are small, and strips of their height would take too much memory.
 * @param rowStep distance in grid rows between rows at which pixels of all bands start
 */
public record StripStep(int tileHeight, int rowStep) {
  private static final int MOST_ROWS = 2048;

  /**
   * Tile size of one file.
   *
   * @param width width of the file in its own pixels
   * @param height height of a tile in its own pixels
   */
  public record Tiles(int width, int height) {}

  /**
   * Derives height and alignment from the files of a scene.
   *
   * @param gridWidth width of the grid, at least that of any file
   * @param files tile sizes of the scene's files
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
