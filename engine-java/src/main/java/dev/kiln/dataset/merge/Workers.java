package dev.kiln.dataset.merge;

import java.io.IOException;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Threads that share a list of tasks. The first error ends all.
 *
 * @param threads number of threads
 */
record Workers(int threads) {

  /** A task. */
  interface Task<T> {
    void accept(T item) throws IOException, InterruptedException;
  }

  /**
   * Performs a task for every item, in any order.
   *
   * @throws IOException of a task
   */
  <T> void forEach(Collection<T> items, Task<T> task) throws IOException, InterruptedException {
    Iterator<T> rest = items.iterator();
    Callable<Void> loop =
        () -> {
          while (true) {
            T item;
            synchronized (rest) {
              if (!rest.hasNext() || Thread.currentThread().isInterrupted()) {
                return null;
              }
              item = rest.next();
            }
            task.accept(item);
          }
        };
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Void>> loops =
          IntStream.range(0, threads).mapToObj(i -> pool.submit(loop)).toList();
      for (Future<Void> one : loops) {
        one.get();
      }
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof IOException io) {
        throw io;
      }
      if (cause instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      if (cause instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (cause instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(cause);
    } finally {
      pool.shutdownNow();
      pool.awaitTermination(1, TimeUnit.MINUTES);
    }
  }
}
