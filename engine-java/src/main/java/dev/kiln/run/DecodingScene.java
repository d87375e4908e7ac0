package dev.kiln.run;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.Strip;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.MissingPixels;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * A scene whose strips are being read. Owns the open files, not their bytes.
 *
 * @param scene receives the embeddings; outlives this
 * @param raster its bands; empty if no chip is wanted
 * @param grid chip grid
 * @param surviving grid indices of the scene's chips, in the same order
 * @param values reads the strips; empty if no chip is wanted
 * @param leftOut chips that are left out whatever their pixels are
 * @param options which chips are embedded
 * @param files open files, owned
 */
record DecodingScene(
    SceneAssembly scene,
    Optional<SceneRaster> raster,
    ChipGrid grid,
    BitSet surviving,
    Optional<SceneValues> values,
    ChipsLeftOut leftOut,
    ChipOptions options,
    List<CogFile> files)
    implements AutoCloseable {

  /** Returns the strips to read, top first. */
  List<StripWindow> windows() {
    return raster
        .map(bands -> grid.strips(bands.tileHeight(), bands.rowStep(), surviving))
        .orElse(List.of());
  }

  /**
   * Reads one strip and finds the scene's chips in it.
   *
   * @param memory lends the memory of the strip
   */
  StripWork read(StripWindow window, BufferPool memory) throws SceneException {
    SceneValues.Prepared prepared = values.orElseThrow().read(raster.orElseThrow(), window, memory);
    Strip strip = prepared.strip();
    try {
      BitSet inStrip = grid.chips(window);
      inStrip.and(surviving);
      List<Integer> chips = new ArrayList<>();
      // The scene's chips are the surviving ones in grid order, so those of a strip are
      // consecutive.
      int chipIndex = surviving.get(0, Math.max(0, inStrip.nextSetBit(0))).cardinality();
      for (int i = inStrip.nextSetBit(0); i >= 0; i = inStrip.nextSetBit(i + 1)) {
        if (keep(prepared.missing(), i, chipIndex)) {
          chips.add(chipIndex);
        }
        chipIndex++;
      }
      return new StripWork(scene, strip, chips.stream().mapToInt(Integer::intValue).toArray());
    } catch (RuntimeException | Error e) {
      strip.close();
      throw e;
    }
  }

  /** Returns whether a chip has enough pixels with data, and updates its nodata share. */
  private boolean keep(MissingPixels missing, int gridIndex, int chipIndex) {
    double share = missing.share(grid.left(gridIndex), grid.top(gridIndex), grid.chipSize());
    if (share > options.maxNodata()) {
      scene.leaveOut(chipIndex);
      return false;
    }
    if (share > scene.chip(chipIndex).nodata()) {
      scene.update(chipIndex, scene.chip(chipIndex).withNodata((float) share));
    }
    return true;
  }

  @Override
  public void close() {
    raster.ifPresent(SceneRaster::close);
    files.forEach(CogFile::close);
  }
}
