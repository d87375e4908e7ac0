package dev.kiln.pipeline;

import dev.kiln.metrics.ThreadTime;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One named stage of the chain. Its name is the prefix of its threads and of its rows in log and
 * report. Its time is told apart: waiting for input, blocked on output, and busy with the rest.
 */
public final class Stage {
  private final String name;
  private final int threads;
  private final ThreadTime alive = new ThreadTime();
  private final ThreadTime waiting = new ThreadTime();
  private final ThreadTime blocked = new ThreadTime();
  private final AtomicLong items = new AtomicLong();

  Stage(String name, int threads) {
    this.name = name;
    this.threads = threads;
  }

  String name() {
    return name;
  }

  int threads() {
    return threads;
  }

  /** Takes from the lane that feeds this stage; null at its end. */
  public <T> T take(BoundedQueue<T> lane) throws InterruptedException {
    return waitFor(lane::take);
  }

  /**
   * Puts into the lane that this stage feeds. An item that owns something is closed if it cannot be
   * handed on.
   */
  public <T> void put(BoundedQueue<T> lane, T item) throws InterruptedException {
    boolean handedOn = false;
    blocked.enter();
    try {
      lane.put(item);
      handedOn = true;
    } finally {
      blocked.leave();
      if (!handedOn && item instanceof Owner owner) {
        owner.close();
      }
    }
  }

  /** Waits for something that a later stage gives back, and books its time as blocked. */
  public <T> T takeBack(BoundedQueue<T> lane) throws InterruptedException {
    blocked.enter();
    try {
      return lane.take();
    } finally {
      blocked.leave();
    }
  }

  /** Something in a lane that holds native memory. */
  public interface Owner extends AutoCloseable {
    @Override
    void close();
  }

  /** A call that may wait for another stage. */
  public interface Waiting<T, X extends Exception> {
    T get() throws X, InterruptedException;
  }

  /** Makes a call that waits for what this stage needs, and books its time as waiting. */
  public <T, X extends Exception> T waitFor(Waiting<T, X> call) throws X, InterruptedException {
    waiting.enter();
    try {
      return call.get();
    } finally {
      waiting.leave();
    }
  }

  /** Books things done. */
  public void done(long count) {
    items.addAndGet(count);
  }

  /** Runs one thread's life in this stage. */
  void live(Pipeline.Work work) throws Exception {
    alive.enter();
    try {
      work.run(this);
    } finally {
      alive.leave();
    }
  }

  /** What the stage has done so far. */
  public Times times() {
    double wait = waiting.seconds();
    double block = blocked.seconds();
    double busy = Math.max(0, alive.seconds() - wait - block);
    return new Times(name, threads, items.get(), busy, wait, block);
  }

  /**
   * @param stage name
   * @param threads of the stage
   * @param items things done, scenes or chips
   * @param busy seconds of all its threads at work
   * @param waiting seconds of all its threads without input
   * @param blocked seconds of all its threads held up by the next stage
   */
  public record Times(
      String stage, int threads, long items, double busy, double waiting, double blocked) {}
}
