package dev.kiln.run;

import dev.kiln.archive.PixelClasses;
import dev.kiln.error.SceneException;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.ChipShares;
import dev.kiln.raster.GeoExtent;
import dev.kiln.raster.SceneRaster;
import java.util.BitSet;

/**
 * Which chips of a scene are worth embedding, as far as is known before its bands are read.
 *
 * @param grid of the scene
 * @param extent that the grid was laid on
 * @param shares of cloud and of pixels without data
 * @param surviving indices of the chips that are wanted
 */
record ChipSelection(ChipGrid grid, GeoExtent extent, ChipShares shares, BitSet surviving) {

  /**
   * All chips of a scene.
   *
   * @throws SceneException permanent if it is smaller than one
   */
  static ChipSelection all(SceneRaster raster, int chip) throws SceneException {
    ChipGrid grid = grid(raster, chip);
    return new ChipSelection(grid, raster.extent(), ChipShares.none(grid), grid.all());
  }

  /**
   * The chips that a scene's mask lets through.
   *
   * @param mask on the scene's grid
   * @throws SceneException permanent if the mask cannot be read, or is smaller than one chip
   */
  static ChipSelection by(SceneRaster mask, PixelClasses classes, ChipOptions options)
      throws SceneException {
    ChipGrid grid = grid(mask, options.chipSize());
    ChipShares shares = ChipShares.of(mask, grid, classes::isCloud, classes::isNodata);
    return new ChipSelection(
        grid, mask.extent(), shares, shares.surviving(options.maxCloud(), options.maxNodata()));
  }

  private static ChipGrid grid(SceneRaster raster, int chip) throws SceneException {
    ChipGrid grid = ChipGrid.of(raster.width(), raster.height(), chip);
    if (grid.size() == 0) {
      throw SceneException.permanent(
          raster.objectKey(),
          "scene is %d × %d px, smaller than one chip of %d px"
              .formatted(raster.width(), raster.height(), chip));
    }
    return grid;
  }

  /**
   * Checks that the bands lie where the mask does.
   *
   * @throws SceneException permanent if not
   */
  void requireFits(SceneRaster bands) throws SceneException {
    if (!extent.isSameAs(bands.extent())) {
      throw SceneException.permanent(
          bands.objectKey(), "expected the extent and CRS of the mask, found others");
    }
    ChipGrid found = ChipGrid.of(bands.width(), bands.height(), grid.chipSize());
    if (!found.equals(grid)) {
      throw SceneException.permanent(
          bands.objectKey(),
          "the bands hold %d × %d chips, %d × %d expected from the mask and the item's proj:shape or gsd"
              .formatted(found.columns(), found.rows(), grid.columns(), grid.rows()));
    }
  }
}
