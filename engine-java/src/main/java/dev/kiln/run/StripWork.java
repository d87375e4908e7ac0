package dev.kiln.run;

import dev.kiln.memory.Strip;
import dev.kiln.pipeline.BoundedQueue;

/**
 * A decoded strip and the chips in it. The strip is freed when the last of them has been encoded.
 */
final class StripWork implements BoundedQueue.Owner {
  private final SceneAssembly scene;
  private final Strip strip;
  private final int[] chipIndices;
  private int pending;

  /**
   * Creates the work.
   *
   * @param strip owned by this from now on
   * @param chipIndices indices into the scene's chips; none if all were left out
   */
  StripWork(SceneAssembly scene, Strip strip, int[] chipIndices) {
    this.scene = scene;
    this.strip = strip;
    this.chipIndices = chipIndices;
    this.pending = chipIndices.length;
  }

  SceneAssembly scene() {
    return scene;
  }

  Strip strip() {
    return strip;
  }

  /** Returns the bytes of raw pixels. */
  long bytes() {
    return strip.pixels().size();
  }

  int[] chipIndices() {
    return chipIndices;
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
