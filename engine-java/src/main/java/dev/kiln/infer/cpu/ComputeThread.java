package dev.kiln.infer.cpu;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A thread that a CPU encoder computes on, one task at a time. */
final class ComputeThread {
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "encode");
            thread.setDaemon(true);
            return thread;
          });
  private boolean closed;

  /** What runs on the thread. */
  @FunctionalInterface
  interface Task {
    void run() throws Exception;
  }

  /** Starts a task; tasks run in the order of their starts. */
  CompletableFuture<Void> start(Task task) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    executor.execute(
        () -> {
          try {
            task.run();
            done.complete(null);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    return done;
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
   * Waits for the started tasks, then frees their resources. A second call does nothing.
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
