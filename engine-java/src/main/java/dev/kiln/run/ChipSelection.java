package dev.kiln.run;

import dev.kiln.archive.PixelClasses;
import dev.kiln.error.SceneException;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.ChipLayout;
import dev.kiln.raster.ChipShares;
import dev.kiln.raster.EdgeRule;
import dev.kiln.raster.GeoExtent;
import dev.kiln.raster.SceneRaster;
import java.util.BitSet;

/**
 * The chips of a scene that are embedded, as far as is known before its bands are read.
 *
 * @param grid chip grid of the scene
 * @param layout where its chips are
 * @param extent extent of the grid on the ground
 * @param shares shares of cloud and of pixels without data
 * @param surviving grid indices of the chips that are wanted
 * @param leftOut the others, by reason
 */
record ChipSelection(
    ChipGrid grid,
    ChipLayout layout,
    GeoExtent extent,
    ChipShares shares,
    BitSet surviving,
    ChipsLeftOut leftOut) {
  /** A limit on the chips of a scene, far above any real one. */
  private static final long MAX_CHIPS = 1 << 24;

  /**
   * Selects the chips of a scene that are in the area of the run.
   *
   * @throws SceneException permanent if the scene is smaller than one chip
   */
  static ChipSelection all(SceneRaster raster, ChipOptions options) throws SceneException {
    ChipGrid grid = grid(raster, options.layout());
    BitSet inside = AreaChips.in(options.area(), raster, grid);
    return new ChipSelection(
        grid,
        options.layout(),
        raster.extent(),
        ChipShares.none(grid),
        inside,
        new ChipsLeftOut(
            partial(raster, options.layout()), 0, 0, 0, grid.size() - (long) inside.cardinality()));
  }

  /**
   * Selects the chips whose shares, by the scene's mask, are within the limits.
   *
   * @param mask the mask on the scene's grid
   * @param nodata values of the mask that mean "no data" whatever its classes are
   * @param inside grid indices of the chips in the area of the run; others are not looked at
   * @throws SceneException permanent if the mask cannot be read, or is smaller than one chip
   */
  static ChipSelection by(
      SceneRaster mask, double[] nodata, PixelClasses classes, ChipOptions options, BitSet inside)
      throws SceneException {
    ChipGrid grid = grid(mask, options.layout());
    ChipShares shares =
        ChipShares.of(mask, nodata, grid, inside, classes::isCloud, classes::isNodata);
    BitSet surviving = shares.surviving(options.maxCloud(), options.maxNodata());
    surviving.and(inside);
    long cloud = 0;
    for (int i = inside.nextSetBit(0); i >= 0; i = inside.nextSetBit(i + 1)) {
      cloud += shares.cloud(i) > options.maxCloud() ? 1 : 0;
    }
    long empty = inside.cardinality() - surviving.cardinality() - cloud;
    return new ChipSelection(
        grid,
        options.layout(),
        mask.extent(),
        shares,
        surviving,
        new ChipsLeftOut(
            partial(mask, options.layout()),
            cloud,
            empty,
            0,
            grid.size() - (long) inside.cardinality()));
  }

  /**
   * Returns the selection without chips that have no pixel with data.
   *
   * @param remaining grid indices of the other chips
   * @param empty number of chips without data
   */
  ChipSelection without(BitSet remaining, long empty) {
    return new ChipSelection(grid, layout, extent, shares, remaining, leftOut.plusNodata(empty));
  }

  /** Returns the squares at the edges that are left out because they are not whole chips. */
  private static long partial(SceneRaster raster, ChipLayout layout) {
    return layout.withEdge(EdgeRule.PAD).count(raster.width(), raster.height())
        - layout.count(raster.width(), raster.height());
  }

  /** Returns the chip grid of a scene that is open. */
  static ChipGrid grid(SceneRaster raster, ChipLayout layout) throws SceneException {
    ChipGrid grid = grid(raster.objectKey(), raster.width(), raster.height(), layout);
    if (grid.size() == 0) {
      throw SceneException.permanent(
          raster.objectKey(),
          "scene size: expected at least one chip of %d px, found %d × %d px: use --edge pad or a smaller --chip"
              .formatted(layout.chipSize(), raster.width(), raster.height()));
    }
    return grid;
  }

  /**
   * Returns the chip grid of a scene.
   *
   * @param key names the scene in an error
   * @throws SceneException permanent if it has too many chips
   */
  static ChipGrid grid(String key, int width, int height, ChipLayout layout) throws SceneException {
    long chips = layout.count(width, height);
    if (chips > MAX_CHIPS) {
      throw SceneException.permanent(
          key,
          "scene of %d × %d px: expected at most %d chips, found %d: use a larger --chip or --stride"
              .formatted(width, height, MAX_CHIPS, chips));
    }
    try {
      return ChipGrid.of(width, height, layout);
    } catch (ArithmeticException e) {
      throw SceneException.permanent(
          key,
          "scene of %d × %d px: expected chips that end within %d px, found one that does not: use --edge drop or shift"
              .formatted(width, height, Integer.MAX_VALUE),
          e);
    }
  }

  /**
   * Checks that bands and mask cover the same ground.
   *
   * @throws SceneException permanent if they do not
   */
  void requireFits(SceneRaster bands) throws SceneException {
    if (!extent.isSameAs(bands.extent())) {
      throw SceneException.permanent(
          bands.objectKey(),
          "bands: expected the extent and CRS of the mask: " + extent.difference(bands.extent()));
    }
    ChipGrid found = grid(bands.objectKey(), bands.width(), bands.height(), layout);
    if (!found.equals(grid)) {
      throw SceneException.permanent(
          bands.objectKey(),
          "bands: expected %d × %d chips from the mask and the item's proj:shape or gsd, found %d × %d"
              .formatted(grid.columns(), grid.rows(), found.columns(), found.rows()));
    }
  }
}
