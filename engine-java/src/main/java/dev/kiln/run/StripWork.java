package dev.kiln.run;

import dev.kiln.chip.Chip;
import dev.kiln.memory.Strip;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.raster.StripWindow;

/**
 * A decoded strip and the chips in it. The strip is freed when the last of them has been encoded.
 */
final class StripWork implements BoundedQueue.Owner {
  private final SceneAssembly scene;
  private final Strip strip;
  private final StripWindow window;
  private final StripRows rows;
  private int pending;

  /**
   * Creates the work.
   *
   * @param strip owned by this from now on
   * @param window part of the grid that the strip covers
   * @param rows the scene's rows for the strip's chips; none if all were left out
   */
  StripWork(SceneAssembly scene, Strip strip, StripWindow window, StripRows rows) {
    this.scene = scene;
    this.strip = strip;
    this.window = window;
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
  int column(Chip chip, int chipSize) {
    return chip.x() * chipSize - window.firstColumn();
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
