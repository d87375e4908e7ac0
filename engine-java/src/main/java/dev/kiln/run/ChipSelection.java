package dev.kiln.run;

import dev.kiln.archive.PixelClasses;
import dev.kiln.error.SceneException;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.ChipShares;
import dev.kiln.raster.GeoExtent;
import dev.kiln.raster.SceneRaster;
import java.util.BitSet;

/**
 * The chips of a scene that are embedded, as far as is known before its bands are read.
 *
 * @param grid chip grid of the scene
 * @param extent extent of the grid on the ground
 * @param shares shares of cloud and of pixels without data
 * @param surviving grid indices of the chips that are wanted
 */
record ChipSelection(ChipGrid grid, GeoExtent extent, ChipShares shares, BitSet surviving) {

  /**
   * Selects all chips of a scene.
   *
   * @throws SceneException permanent if the scene is smaller than one chip
   */
  static ChipSelection all(SceneRaster raster, int chipSize) throws SceneException {
    ChipGrid grid = grid(raster, chipSize);
    return new ChipSelection(grid, raster.extent(), ChipShares.none(grid), grid.all());
  }

  /**
   * Selects the chips whose shares, by the scene's mask, are within the limits.
   *
   * @param mask the mask on the scene's grid
   * @throws SceneException permanent if the mask cannot be read, or is smaller than one chip
   */
  static ChipSelection by(SceneRaster mask, PixelClasses classes, ChipOptions options)
      throws SceneException {
    ChipGrid grid = grid(mask, options.chipSize());
    ChipShares shares = ChipShares.of(mask, grid, classes::isCloud, classes::isNodata);
    return new ChipSelection(
        grid, mask.extent(), shares, shares.surviving(options.maxCloud(), options.maxNodata()));
  }

  private static ChipGrid grid(SceneRaster raster, int chipSize) throws SceneException {
    ChipGrid grid = ChipGrid.of(raster.width(), raster.height(), chipSize);
    if (grid.size() == 0) {
      throw SceneException.permanent(
          raster.objectKey(),
          "scene size: expected at least one chip of %d px, found %d × %d px"
              .formatted(chipSize, raster.width(), raster.height()));
    }
    return grid;
  }

  /**
   * Checks that bands and mask cover the same ground.
   *
   * @throws SceneException permanent if they do not
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
          "bands: expected %d × %d chips from the mask and the item's proj:shape or gsd, found %d × %d"
              .formatted(grid.columns(), grid.rows(), found.columns(), found.rows()));
    }
  }
}
