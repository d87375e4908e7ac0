package dev.kiln.http;

import java.time.Duration;

/**
 * Detects a transfer in which no byte has moved for a time. The time is counted in ticks of a timer
 * and not by a clock: while the process is suspended, and when it goes on, nothing can have moved.
 *
 * <p>A timer cannot be cancelled, so it may outlive the transfer by a tick; it refers to nothing
 * but this watch, and the memory of the transfer can be freed at its end.
 */
final class StallWatch {
  private static final int TICKS = 8;
  private static final long SHORTEST_NANOS = 1_000_000;

  /** Runs actions later. */
  @FunctionalInterface
  interface Timer {
    /** Runs an action after a number of nanoseconds, or later. */
    void after(long nanos, Runnable action);
  }

  private final long tickNanos;
  private final Timer timer;
  private volatile boolean moved;
  private volatile Runnable onStall;
  private int idle;

  /**
   * Creates a watch that is not running yet.
   *
   * @param limit longest time without a byte
   * @param timer runs the ticks
   */
  StallWatch(Duration limit, Timer timer) {
    this.tickNanos = Math.max(limit.toNanos() / TICKS, SHORTEST_NANOS);
    this.timer = timer;
  }

  /**
   * Starts to watch.
   *
   * @param action called once if the transfer stalls; dropped by {@link #end}
   */
  void start(Runnable action) {
    onStall = action;
    timer.after(tickNanos, this::tick);
  }

  /** Notes that bytes have moved. */
  void moved() {
    moved = true;
  }

  /** Ends the watch. */
  void end() {
    onStall = null;
  }

  /** Counts one tick, however late it comes. Ticks follow each other. */
  private void tick() {
    Runnable action = onStall;
    if (action == null) {
      return;
    }
    idle = moved ? 0 : idle + 1;
    moved = false;
    if (idle >= TICKS) {
      end();
      action.run();
      return;
    }
    timer.after(tickNanos, this::tick);
  }
}
