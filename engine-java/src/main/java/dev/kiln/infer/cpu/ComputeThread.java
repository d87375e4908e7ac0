package dev.kiln.infer.cpu;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The thread that an encoder on the CPU computes on: one batch at a time, whose work is shared out
 * inside.
 */
final class ComputeThread {
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "encode");
            thread.setDaemon(true);
            return thread;
          });
  private boolean closed;

  /** Starts a batch after those that were started before. */
  Future<?> start(Callable<?> batch) {
    return executor.submit(batch);
  }

  /** Runs a task and waits for it; what it throws unchecked is thrown here. */
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
   * Waits for the batches that were started, then frees what they compute with. A second call does
   * nothing.
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
      // The memory stays: freeing it under a running batch would crash the process.
      Thread.currentThread().interrupt();
    }
  }
}
