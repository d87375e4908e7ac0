package dev.kiln.run;

import dev.kiln.error.SceneException;
import dev.kiln.infer.VectorLayout;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Writes the row groups of scenes, and their files when the last one is written. */
final class WriteStage implements Pipeline.Sink<SceneAssembly>, AutoCloseable {
  private final EmbeddingJob job;
  private final VectorLayout vectors;
  private final RunCounters counters;
  private final FailureLimit failures = new FailureLimit("writes");
  private final Set<SceneOutput> unfinished = ConcurrentHashMap.newKeySet();

  /**
   * Creates the stage.
   *
   * @param vectors layout of the vectors that the encoder delivers
   */
  WriteStage(EmbeddingJob job, VectorLayout vectors, RunCounters counters) {
    this.job = job;
    this.vectors = vectors;
    this.counters = counters;
  }

  @Override
  public void accept(Stage stage, SceneAssembly scene) throws InterruptedException {
    try {
      for (Optional<SceneAssembly.RowGroup> group = scene.takeGroup();
          group.isPresent();
          group = scene.takeGroup()) {
        SceneAssembly.RowGroup rows = group.get();
        stage.<Void, IOException>work(
            scene.sceneKey(),
            rows.last() ? 1 : 0,
            () -> {
              write(scene, rows);
              return null;
            });
      }
    } catch (IOException e) {
      if (!giveUp(scene)) {
        return;
      }
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
      if (giveUp(scene)) {
        counters.failed(scene.sceneKey(), e);
      }
    }
  }

  /**
   * Gives a scene up whose file cannot be written; returns whether no other stage did so before.
   */
  private static boolean giveUp(SceneAssembly scene) {
    boolean first = scene.giveUp();
    // Discards its file.
    scene.takeGroup();
    return first;
  }

  private void write(SceneAssembly scene, SceneAssembly.RowGroup group) throws IOException {
    SceneOutput output = scene.output().isPresent() ? scene.output().get() : open(scene);
    output.write(group.rows());
    if (group.last()) {
      long bytes = output.finish(scene.decisions().byName());
      unfinished.remove(output);
      counters.written(bytes);
      counters.decided(scene.decisions().byName());
      failures.success();
    }
  }

  private SceneOutput open(SceneAssembly scene) throws IOException {
    SceneOutput output =
        new SceneOutput(
            job.out(),
            scene.outputKey(),
            scene.info(job.platform().name(), job.chips().layout(), vectors.dim()),
            vectors,
            job.vectors().type(),
            job.provenance());
    unfinished.add(output);
    scene.output(output);
    return output;
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

  /** Discards files that were not finished, after a run that ended early. */
  @Override
  public void close() {
    unfinished.forEach(SceneOutput::close);
    unfinished.clear();
  }
}
