package dev.kiln.run;

import dev.kiln.fault.SceneFault;
import dev.kiln.memory.Strip;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import java.util.BitSet;
import java.util.List;

/**
 * A scene whose strips are being read. Owns the open files, but not their bytes.
 *
 * @param scene goes on when this is closed
 * @param windows the strips to read, from the top
 */
record DecodingScene(
    OpenScene scene,
    SceneRaster raster,
    ChipGrid grid,
    List<StripWindow> windows,
    BitSet surviving,
    List<CogFile> files)
    implements AutoCloseable {

  /** Reads one strip and says which chips of the scene lie in it. */
  StripWork read(StripWindow window) throws SceneFault {
    Strip strip = raster.read(window);
    int first = window.firstRow() / grid.chip() * grid.columns();
    int end = first + window.rows() / grid.chip() * grid.columns();
    int[] chips = new int[surviving.get(first, end).cardinality()];
    // Chips are numbered in grid order, so those of a strip are consecutive.
    int before = surviving.get(0, first).cardinality();
    for (int i = 0; i < chips.length; i++) {
      chips[i] = before + i;
    }
    return new StripWork(scene, strip, chips);
  }

  @Override
  public void close() {
    raster.close();
    files.forEach(CogFile::close);
  }
}
