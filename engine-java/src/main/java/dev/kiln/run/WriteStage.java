package dev.kiln.run;

import dev.kiln.error.SceneException;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import dev.kiln.sink.GeoParquetWriter;
import java.io.IOException;
import java.nio.file.FileSystemException;

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
      counters.decided(scene.decisions().byName());
      failures.success();
    } catch (IOException e) {
      if (concernsOnlyItsKey(e)) {
        counters.failed(
            scene.sceneKey(),
            SceneException.permanent(
                scene.sceneKey(),
                "cannot write %s: %s".formatted(scene.outputKey(), reason(e)),
                e));
      } else {
        counters.failed(scene.sceneKey(), e);
        failures.failure(e);
      }
    } catch (RuntimeException | VirtualMachineError e) {
      // Due to the scene's own values or size, not to the output.
      counters.failed(scene.sceneKey(), e);
    }
  }

  /** Returns whether other keys can be written although this one cannot. */
  private static boolean concernsOnlyItsKey(IOException e) {
    return "File name too long".equals(reason(e));
  }

  private static String reason(IOException e) {
    return e instanceof FileSystemException failed && failed.getReason() != null
        ? failed.getReason()
        : e.getMessage();
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
