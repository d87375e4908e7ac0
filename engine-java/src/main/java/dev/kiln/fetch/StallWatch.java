package dev.kiln.fetch;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Detects a transfer in which no byte has moved for a time. A timer cannot be cancelled, so it may
 * outlive the transfer by that time; it therefore refers to nothing but a clock, and the memory of
 * the transfer can be freed at its end.
 */
final class StallWatch {
  private static final long SHORTEST_NANOS = 1_000_000;

  private final long limitNanos;
  private volatile long lastMoved = System.nanoTime();
  private volatile Runnable onStall;

  /**
   * Creates a watch that is not running yet.
   *
   * @param limit longest time without a byte
   */
  StallWatch(Duration limit) {
    this.limitNanos = limit.toNanos();
  }

  /**
   * Starts to watch.
   *
   * @param action called once if the transfer stalls; dropped by {@link #end}
   */
  void start(Runnable action) {
    onStall = action;
    check();
  }

  /** Notes that bytes have moved. */
  void moved() {
    lastMoved = System.nanoTime();
  }

  /** Ends the watch. */
  void end() {
    onStall = null;
  }

  private void check() {
    Runnable action = onStall;
    if (action == null) {
      return;
    }
    long left = limitNanos - (System.nanoTime() - lastMoved);
    if (left <= 0) {
      end();
      action.run();
      return;
    }
    CompletableFuture.delayedExecutor(Math.max(left, SHORTEST_NANOS), TimeUnit.NANOSECONDS)
        .execute(this::check);
  }
}
