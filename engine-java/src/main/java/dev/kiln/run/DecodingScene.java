package dev.kiln.run;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.Strip;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.NodataValues;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * A scene whose strips are being read. Owns the open files, but not their bytes.
 *
 * @param scene goes on when this is closed
 * @param raster its bands; empty if no chip is wanted
 * @param grid that its chips lie on
 * @param surviving indices in the grid of the scene's chips, in the same order
 * @param nodata how chips that hold too little are told from their pixels; empty if they are not
 * @param options what is embedded
 */
record DecodingScene(
    SceneAssembly scene,
    Optional<SceneRaster> raster,
    ChipGrid grid,
    BitSet surviving,
    Optional<NodataValues> nodata,
    ChipOptions options,
    List<CogFile> files)
    implements AutoCloseable {

  /** The strips to read, from the top. */
  List<StripWindow> windows() {
    return raster
        .map(bands -> grid.strips(bands.tileHeight(), bands.rowStep(), surviving))
        .orElse(List.of());
  }

  /**
   * Reads one strip and says which chips of the scene lie in it.
   *
   * @param memory lends the strip's
   */
  StripWork read(StripWindow window, BufferPool memory) throws SceneException {
    int offset = options.radiometricOffset().of(scene.scene().radiometricOffset());
    Strip strip = raster.orElseThrow().read(window, memory).withRadiometricOffset(offset);
    try {
      nodata.ifPresent(values -> values.blank(strip));
      BitSet inStrip = grid.chips(window);
      inStrip.and(surviving);
      List<Integer> chips = new ArrayList<>();
      // The scene's chips are the surviving ones in grid order, so those of a strip are
      // consecutive.
      int chip = surviving.get(0, Math.max(0, inStrip.nextSetBit(0))).cardinality();
      for (int i = inStrip.nextSetBit(0); i >= 0; i = inStrip.nextSetBit(i + 1)) {
        if (keep(strip, i, chip)) {
          chips.add(chip);
        }
        chip++;
      }
      return new StripWork(scene, strip, chips.stream().mapToInt(Integer::intValue).toArray());
    } catch (RuntimeException | Error e) {
      strip.close();
      throw e;
    }
  }

  /** Looks at a chip's pixels where only they say whether it holds data. */
  private boolean keep(Strip strip, int index, int chip) {
    if (nodata.isEmpty()) {
      return true;
    }
    double share = nodata.get().share(strip, grid.left(index), grid.top(index), grid.chipSize());
    if (share > options.maxNodata()) {
      scene.leaveOut(chip);
      return false;
    }
    scene.update(chip, scene.chip(chip).withNodata((float) share));
    return true;
  }

  @Override
  public void close() {
    raster.ifPresent(SceneRaster::close);
    files.forEach(CogFile::close);
  }
}
