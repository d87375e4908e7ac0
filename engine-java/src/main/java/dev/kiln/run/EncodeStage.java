package dev.kiln.run;

import dev.kiln.error.MachineException;
import dev.kiln.infer.EncoderException;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.nio.FloatBuffer;

/** Waits for the encoder and hands the embeddings of a batch to their scenes. For one thread. */
final class EncodeStage implements Pipeline.Step<Batch, SceneAssembly> {
  private final FiniteCheck finite;
  private final BoundedQueue<Batch> free;
  private final RunCounters counters;
  private final FailureLimit failures = new FailureLimit("batches");

  /**
   * Creates the stage.
   *
   * @param platform whose bands the strips have
   * @param free receives the batches that have been encoded
   */
  EncodeStage(Platform platform, BoundedQueue<Batch> free, RunCounters counters) {
    this.finite = new FiniteCheck(platform.bands().stream().map(Band::name).toList());
    this.free = free;
    this.counters = counters;
  }

  @Override
  public void apply(Stage stage, Batch batch, Pipeline.Output<SceneAssembly> finished)
      throws InterruptedException {
    try {
      FloatBuffer embeddings = stage.work(batch.size(), batch.size(), batch::await);
      for (SceneAssembly scene : batch.deliver(embeddings, finite, counters)) {
        finished.put(scene);
      }
      counters.embedded(batch.size());
      failures.success();
    } catch (EncoderException e) {
      for (SceneAssembly scene : batch.scenes()) {
        if (scene.giveUp()) {
          counters.failed(scene.sceneKey(), e);
        }
      }
      if (e.deviceLost()) {
        throw new MachineException(e.getMessage(), e);
      }
      failures.failure(e);
    }
    batch.clear();
    free.put(batch);
  }
}
