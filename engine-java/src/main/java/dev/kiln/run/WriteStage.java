package dev.kiln.run;

import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import dev.kiln.sink.GeoParquetWriter;
import java.io.IOException;

/** Writes the files of finished scenes. */
final class WriteStage implements Pipeline.Sink<SceneAssembly> {
  private final EmbeddingJob job;
  private final RunCounters counters;
  private final FailureLimit failures = new FailureLimit("writes");

  WriteStage(EmbeddingJob job, RunCounters counters) {
    this.job = job;
    this.counters = counters;
  }

  @Override
  public void accept(Stage stage, SceneAssembly scene) throws InterruptedException {
    try {
      int bytes = stage.work(scene.sceneKey(), () -> write(scene));
      counters.written(bytes);
      failures.success();
    } catch (IOException | RuntimeException e) {
      counters.failed(scene.sceneKey(), e);
      failures.failure(e);
    }
  }

  /** Writes the scene's file durably and returns its bytes. */
  private int write(SceneAssembly scene) throws IOException {
    byte[] file =
        GeoParquetWriter.toBytes(
            scene.table(job.platform().name(), job.chips().chipSize()), job.provenance());
    job.out().put(scene.outputKey(), file);
    return file.length;
  }
}
