package dev.kiln.infer.cpu;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The thread that a CPU encoder computes on, one batch at a time. */
final class ComputeThread {
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "encode");
            thread.setDaemon(true);
            return thread;
          });
  private boolean closed;

  /** Starts a batch; batches run in the order of their starts. */
  Future<?> start(Callable<?> batch) {
    return executor.submit(batch);
  }

  /** Runs a task and waits for it; rethrows its unchecked exceptions. */
  <T> T run(Callable<T> task) {
    try {
      return executor.submit(task).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the encoder starts", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      if (e.getCause() instanceof Error known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /**
   * Waits for the started batches, then frees their resources. A second call does nothing.
   *
   * @param free frees the resources
   */
  synchronized void close(Runnable free) {
    if (closed) {
      return;
    }
    closed = true;
    executor.shutdown();
    try {
      if (!executor.awaitTermination(1, TimeUnit.HOURS)) {
        throw new IllegalStateException("a batch is still computing after an hour");
      }
      free.run();
    } catch (InterruptedException e) {
      // Nothing is freed: freeing memory under a running batch would crash the process.
      Thread.currentThread().interrupt();
    }
  }
}
