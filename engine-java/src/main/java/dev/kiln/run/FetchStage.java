package dev.kiln.run;

import dev.kiln.error.MachineException;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Fetches the bytes of the scenes that have no file yet. */
final class FetchStage implements Pipeline.Source<FetchedScene> {
  private final PendingScenes pending;
  private final SceneFetch fetch;
  private final RunCounters counters;
  private final BooleanSupplier stopping;
  private final FailureLimit unreachable = new FailureLimit("scenes");

  /**
   * Creates the stage.
   *
   * @param stopping whether no more scenes are to be started
   */
  FetchStage(
      PendingScenes pending, SceneFetch fetch, RunCounters counters, BooleanSupplier stopping) {
    this.pending = pending;
    this.fetch = fetch;
    this.counters = counters;
    this.stopping = stopping;
  }

  @Override
  public void run(Stage stage, Pipeline.Output<FetchedScene> fetched) throws InterruptedException {
    for (Optional<PendingScene> next = next(); next.isPresent(); next = next()) {
      PendingScene scene = next.get();
      try {
        FetchedScene bytes = stage.work(scene.sceneKey(), () -> fetch.fetch(scene, stage));
        unreachable.success();
        counters.fetched(bytes.bytes());
        fetched.put(bytes);
        fetch.rest(bytes, stage, counters::fetched).ifPresent(this::countUnreachable);
      } catch (RuntimeException | VirtualMachineError e) {
        counters.failed(scene.sceneKey(), e);
        countUnreachable(e);
      }
    }
  }

  private Optional<PendingScene> next() throws InterruptedException {
    try {
      return stopping.getAsBoolean() ? Optional.empty() : pending.next();
    } catch (IOException e) {
      throw new MachineException("cannot list the output: " + e.getMessage(), e);
    }
  }

  /** Ends the run if the source has been unreachable for several scenes in a row. */
  private void countUnreachable(Throwable failure) {
    if (StoreErrors.afterAllAttempts(failure)) {
      unreachable.failure(failure);
    }
  }
}
