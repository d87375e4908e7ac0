package dev.kiln.run;

import dev.kiln.chip.Chip;
import dev.kiln.memory.Strip;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.StripWindow;

/**
 * A decoded strip and the chips in it. The strip is freed when the last of them has been encoded.
 */
final class StripWork implements BoundedQueue.Owner {
  private final SceneAssembly scene;
  private final Strip strip;
  private final StripWindow window;
  private final ChipGrid grid;
  private final StripRows rows;
  private int pending;

  /**
   * Creates the work.
   *
   * @param strip owned by this from now on
   * @param window part of the grid that the strip covers
   * @param grid chips of the scene
   * @param rows the scene's rows for the strip's chips; none if all were left out
   */
  StripWork(SceneAssembly scene, Strip strip, StripWindow window, ChipGrid grid, StripRows rows) {
    this.scene = scene;
    this.strip = strip;
    this.window = window;
    this.grid = grid;
    this.rows = rows;
    this.pending = rows.size();
  }

  SceneAssembly scene() {
    return scene;
  }

  Strip strip() {
    return strip;
  }

  /** Returns the column of the strip at which a chip starts. */
  int column(Chip chip) {
    return grid.columnLeft(chip.x()) - window.firstColumn();
  }

  /** Returns the row of the scene's grid at which a chip starts. */
  int top(Chip chip) {
    return grid.rowTop(chip.y());
  }

  /** Returns the bytes of raw pixels. */
  long bytes() {
    return strip.pixels().size();
  }

  /** Returns the number of chips. */
  int size() {
    return rows.size();
  }

  Chip chip(int row) {
    return rows.chip(row);
  }

  StripRows rows() {
    return rows;
  }

  /** Records that one chip no longer needs the strip. */
  synchronized void release() {
    pending--;
    if (pending == 0) {
      strip.close();
    }
  }

  /** Frees the strip at once, because none of its chips will be encoded. */
  @Override
  public void close() {
    strip.close();
  }
}
