package dev.kiln.trace;

/**
 * Ranges of work that a profiler shows on its timeline, one inside the other on each thread. Off
 * until {@link #to} is called, which is once a process; a range costs a look at a field then.
 */
public final class Trace {
  private static volatile Sink sink;

  /** What takes the ranges of a thread. */
  public interface Sink {
    /** A range begins on the calling thread, inside those that it has begun. */
    void begin(String name);

    /** The last range that the calling thread has begun ends. */
    void end();
  }

  /** Work that a range goes around. */
  public interface Work<T, X extends Exception> {
    T run() throws X, InterruptedException;
  }

  private Trace() {}

  /**
   * Sends ranges to a sink from now on.
   *
   * @param taker null for none
   */
  public static void to(Sink taker) {
    sink = taker;
  }

  /**
   * Does work within a range.
   *
   * @param which one of many: a scene's key, a batch's size
   * @return what the work gave
   */
  public static <T, X extends Exception> T within(String stage, Object which, Work<T, X> work)
      throws X, InterruptedException {
    begin(stage, which);
    try {
      return work.run();
    } finally {
      end();
    }
  }

  /**
   * Begins a range on this thread, which has to call {@link #end} however it goes on.
   *
   * @param which one of many: a scene's key, a batch's size
   */
  public static void begin(String stage, Object which) {
    Sink taker = sink;
    if (taker != null) {
      taker.begin(stage + " " + which);
    }
  }

  /** Ends the last range that this thread has begun. */
  public static void end() {
    Sink taker = sink;
    if (taker != null) {
      taker.end();
    }
  }
}
