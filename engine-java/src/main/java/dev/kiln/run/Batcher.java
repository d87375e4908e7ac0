package dev.kiln.run;

import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Fills batches with the chips of strips, across scenes, and starts them when they are full. A
 * batch has one gsd, so there is one open batch for each gsd that occurs. For one thread.
 */
final class Batcher implements Pipeline.Step<StripWork, Batch> {
  private final BoundedQueue<Batch> free;
  private final int slots;
  private final Map<Float, Batch> open = new LinkedHashMap<>();

  /**
   * Creates a batcher.
   *
   * @param free empty batches, put back by a later stage
   * @param slots batches in all
   */
  Batcher(BoundedQueue<Batch> free, int slots) {
    this.free = free;
    this.slots = slots;
  }

  @Override
  public void apply(Stage stage, StripWork strip, Pipeline.Output<Batch> computing)
      throws InterruptedException {
    if (strip.scene().givenUp()) {
      strip.close();
      return;
    }
    stage.<Void, RuntimeException>work(
        strip.scene().sceneKey(),
        strip.size(),
        () -> {
          fill(stage, strip, computing);
          return null;
        });
  }

  private void fill(Stage stage, StripWork strip, Pipeline.Output<Batch> computing)
      throws InterruptedException {
    float gsd = (float) strip.scene().gsd();
    for (int row = 0; row < strip.size(); row++) {
      if (!open.containsKey(gsd)) {
        if (open.size() == slots) {
          // Every slot holds a partial batch: start the oldest, or none would ever become free.
          start(open.keySet().iterator().next(), computing);
        }
        open.put(gsd, stage.takeBack(free));
      }
      open.get(gsd).put(strip, row);
      if (open.get(gsd).isFull()) {
        start(gsd, computing);
      }
    }
  }

  /** Starts the batches that are not full. */
  @Override
  public void finish(Stage stage, Pipeline.Output<Batch> computing) throws InterruptedException {
    while (!open.isEmpty()) {
      start(open.keySet().iterator().next(), computing);
    }
  }

  private void start(float gsd, Pipeline.Output<Batch> computing) throws InterruptedException {
    Batch batch = open.remove(gsd);
    batch.start(gsd);
    computing.put(batch);
  }
}
