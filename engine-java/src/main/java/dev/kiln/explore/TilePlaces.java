package dev.kiln.explore;

import dev.kiln.tiles.TiledTiff;
import java.util.Arrays;

/**
 * Where the pixels of a tile of a map are in a scene: exactly at {@link #GRID} by {@link #GRID}
 * places, linear between them.
 */
final class TilePlaces {
  /** Edge of a tile in pixels. */
  static final int TILE = 256;

  /** Places per edge of a tile. */
  static final int GRID = 17;

  /** Coordinates beyond which there is no imagery; their differences are no overflow. */
  private static final int LIMIT = Integer.MAX_VALUE / 4;

  private final double[] x;
  private final double[] y;

  /**
   * Creates the places.
   *
   * @param x columns of the scene, {@code [GRID, GRID]}
   * @param y rows of the scene, {@code [GRID, GRID]}
   */
  TilePlaces(double[] x, double[] y) {
    this.x = x;
    this.y = y;
  }

  /** Returns the pixels of the scene per pixel of the tile. */
  double step() {
    return Math.hypot(x[GRID - 1] - x[0], y[GRID - 1] - y[0]) / (TILE - 1);
  }

  /** Returns the column of the scene at the middle of a pixel of the tile. */
  double column(int tileColumn, int tileRow) {
    return between(x, tileColumn + 0.5, tileRow + 0.5);
  }

  /** Returns the row of the scene at the middle of a pixel of the tile. */
  double row(int tileColumn, int tileRow) {
    return between(y, tileColumn + 0.5, tileRow + 0.5);
  }

  /**
   * Returns the window of a raster that has all places, one pixel larger on each side.
   *
   * @param left column of the scene at which the raster starts
   * @param top row of the scene at which the raster starts
   * @param reduction pixels of the scene per pixel of the raster
   */
  TiledTiff.Window window(int left, int top, double reduction) {
    double west = (Arrays.stream(x).min().orElseThrow() - left) / reduction;
    double north = (Arrays.stream(y).min().orElseThrow() - top) / reduction;
    double east = (Arrays.stream(x).max().orElseThrow() - left) / reduction;
    double south = (Arrays.stream(y).max().orElseThrow() - top) / reduction;
    return around(west, north, east, south);
  }

  /** Returns the part of a reduced raster that shows a window of the whole one. */
  static TiledTiff.Window reduced(TiledTiff.Window window, double reduction) {
    return around(
        window.x() / reduction,
        window.y() / reduction,
        (window.x() + (double) window.width()) / reduction,
        (window.y() + (double) window.height()) / reduction);
  }

  private static TiledTiff.Window around(double west, double north, double east, double south) {
    int left = (int) Math.max(-LIMIT, Math.floor(west) - 1);
    int top = (int) Math.max(-LIMIT, Math.floor(north) - 1);
    int right = (int) Math.min(LIMIT, Math.ceil(east) + 1);
    int bottom = (int) Math.min(LIMIT, Math.ceil(south) + 1);
    return new TiledTiff.Window(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
  }

  private static double between(double[] values, double column, double row) {
    double gx = column * (GRID - 1) / TILE;
    double gy = row * (GRID - 1) / TILE;
    int i = Math.min(GRID - 2, (int) gx);
    int j = Math.min(GRID - 2, (int) gy);
    double fx = gx - i;
    double fy = gy - j;
    int at = j * GRID + i;
    return (1 - fy) * ((1 - fx) * values[at] + fx * values[at + 1])
        + fy * ((1 - fx) * values[at + GRID] + fx * values[at + GRID + 1]);
  }
}
