package dev.kiln.raster;

import java.util.List;
import java.util.OptionalDouble;

/**
 * An open file at its place in a mosaic, which has the same resolution; a part of it is used.
 *
 * @param sources the bands, all of one file
 * @param x left edge of the part in the file, in pixels
 * @param y upper edge of the part in the file, in pixels
 * @param width of the part in pixels
 * @param height of the part in pixels
 * @param left column of the mosaic at which the part starts
 * @param top row of the mosaic at which the part starts
 * @param masked whether pixels that the file excludes cover nothing
 * @param nodata value that covers nothing; empty if all values cover
 */
public record PlacedFile(
    List<SceneRaster.Source> sources,
    int x,
    int y,
    int width,
    int height,
    int left,
    int top,
    boolean masked,
    OptionalDouble nodata) {

  /** Copies the list. */
  public PlacedFile {
    sources = List.copyOf(sources);
  }

  /** Returns the file. */
  CogFile file() {
    return sources.get(0).file();
  }
}
