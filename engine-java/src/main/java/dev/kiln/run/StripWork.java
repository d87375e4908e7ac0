package dev.kiln.run;

import dev.kiln.memory.Strip;
import dev.kiln.pipeline.Stage;

/**
 * A decoded strip and the chips that lie in it. The strip is freed when the last of them has come
 * through the encoder.
 */
final class StripWork implements Stage.Owner {
  private final SceneAssembly scene;
  private final Strip strip;
  private final int[] chips;
  private int pending;

  /**
   * @param strip owned by this from now on
   * @param chips indices into the scene's chips; none if all were left out
   */
  StripWork(SceneAssembly scene, Strip strip, int[] chips) {
    this.scene = scene;
    this.strip = strip;
    this.chips = chips;
    this.pending = chips.length;
  }

  SceneAssembly scene() {
    return scene;
  }

  Strip strip() {
    return strip;
  }

  /** Bytes of raw pixels. */
  long bytes() {
    return strip.pixels().size();
  }

  int[] chips() {
    return chips;
  }

  /** One chip needs the strip no more. */
  synchronized void release() {
    pending--;
    if (pending == 0) {
      strip.close();
    }
  }

  /** Frees the strip at once: none of its chips will be embedded. */
  @Override
  public void close() {
    strip.close();
  }
}
