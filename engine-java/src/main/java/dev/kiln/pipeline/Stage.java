package dev.kiln.pipeline;

import dev.kiln.metrics.ThreadTime;
import dev.kiln.trace.Trace;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.MDC;

/**
 * One named stage of a pipeline. Its name is the prefix of its threads, of its trace ranges and of
 * its rows in log and report. The time of its threads is split into waiting for input, blocked on
 * output, and busy.
 */
public final class Stage {
  private final String name;
  private final int threads;
  private final ThreadTime alive = new ThreadTime();
  private final ThreadTime waiting = new ThreadTime();
  private final ThreadTime blocked = new ThreadTime();
  private final AtomicLong done = new AtomicLong();

  Stage(String name, int threads) {
    this.name = name;
    this.threads = threads;
  }

  /**
   * A call that may block on another stage.
   *
   * @param <T> its result
   * @param <X> what it throws
   */
  public interface Waiting<T, X extends Exception> {
    /** Makes the call. */
    T get() throws X, InterruptedException;
  }

  /**
   * What a stage did up to one moment.
   *
   * @param stage name
   * @param threads of the stage
   * @param items done: scenes or chips
   * @param busy seconds that its threads worked, summed over the threads
   * @param waiting seconds that they waited for input
   * @param blocked seconds that they were blocked by the next stage
   */
  public record Times(
      String stage, int threads, long items, double busy, double waiting, double blocked) {}

  /**
   * Works on an item: traces the call and counts the item as done unless the call throws.
   *
   * @param item identifies the item in a trace: a scene key, a batch size
   * @return the result of the call
   */
  public <T, X extends Exception> T work(Object item, Trace.Work<T, X> call)
      throws X, InterruptedException {
    return work(item, 1, call);
  }

  /**
   * Works on an item that counts as several.
   *
   * @param item identifies the item in a trace; a text is a scene key, and is in the log as well
   * @param count items done if the call returns
   */
  public <T, X extends Exception> T work(Object item, long count, Trace.Work<T, X> call)
      throws X, InterruptedException {
    if (item instanceof String sceneKey) {
      MDC.put("scene", sceneKey);
    }
    try {
      T result = Trace.within(name, item, call);
      done.addAndGet(count);
      return result;
    } finally {
      MDC.remove("scene");
    }
  }

  /** Counts items as done. */
  public void done(long count) {
    done.addAndGet(count);
  }

  /** Makes a call that waits for the input of this stage, and counts its time as waiting. */
  public <T, X extends Exception> T waitFor(Waiting<T, X> call) throws X, InterruptedException {
    waiting.enter();
    try {
      return call.get();
    } finally {
      waiting.leave();
    }
  }

  /** Takes from the queue that feeds this stage; empty at its end. */
  <T> Optional<T> take(BoundedQueue<T> queue) throws InterruptedException {
    return waitFor(queue::take);
  }

  /**
   * Puts into a queue, and counts the time as blocked. An item that owns memory is closed if it
   * cannot be handed on.
   */
  public <T> void put(BoundedQueue<T> queue, T item) throws InterruptedException {
    boolean handedOn = false;
    blocked.enter();
    try {
      queue.put(item);
      handedOn = true;
    } finally {
      blocked.leave();
      if (!handedOn && item instanceof BoundedQueue.Owner owner) {
        owner.close();
      }
    }
  }

  /**
   * Makes a call that waits for a later stage, and counts its time as blocked.
   *
   * @param item to put into a queue; closed if the call fails
   */
  public <T, X extends Exception> T blockedBy(BoundedQueue.Owner item, Waiting<T, X> call)
      throws X, InterruptedException {
    boolean done = false;
    blocked.enter();
    try {
      T result = call.get();
      done = true;
      return result;
    } finally {
      blocked.leave();
      if (!done) {
        item.close();
      }
    }
  }

  /** Takes an object that a later stage returned, and counts the time as blocked. */
  public <T> T takeBack(BoundedQueue<T> queue) throws InterruptedException {
    blocked.enter();
    try {
      return queue.take().orElseThrow();
    } finally {
      blocked.leave();
    }
  }

  /** Runs the body of one thread. */
  void live(Pipeline.Body body) throws Exception {
    alive.enter();
    MDC.put("stage", name);
    try {
      body.run(this);
    } finally {
      alive.leave();
    }
  }

  /** {@return what the stage has done so far} */
  public Times times() {
    double wait = waiting.seconds();
    double block = blocked.seconds();
    double busy = Math.max(0, alive.seconds() - wait - block);
    return new Times(name, threads, done.get(), busy, wait, block);
  }
}
