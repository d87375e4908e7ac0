package dev.kiln.trace;

/**
 * Ranges of work that a profiler shows on its timeline, nested per thread. Off until {@link #to} is
 * called, once per process; until then a range costs one read of a field.
 */
public final class Trace {
  private static volatile Sink sink;

  /** Receives the ranges of every thread. */
  public interface Sink {
    /** Opens a range on the calling thread, inside its open ranges. */
    void begin(String name);

    /** Closes the calling thread's innermost open range. */
    void end();
  }

  /** Work to be traced. */
  public interface Work<T, X extends Exception> {
    /** Does the work. */
    T run() throws X, InterruptedException;
  }

  private Trace() {}

  /**
   * Sends ranges to a sink from now on.
   *
   * @param sink null to stop
   */
  public static void to(Sink sink) {
    Trace.sink = sink;
  }

  /**
   * Does work inside a range.
   *
   * @param item what the stage works on: a scene key, a batch size
   * @return the result of the work
   */
  public static <T, X extends Exception> T within(String stage, Object item, Work<T, X> work)
      throws X, InterruptedException {
    begin(stage, item);
    try {
      return work.run();
    } finally {
      end();
    }
  }

  /**
   * Opens a range on this thread, which must call {@link #end} even if the work fails.
   *
   * @param item what the stage works on: a scene key, a batch size
   */
  public static void begin(String stage, Object item) {
    Sink to = sink;
    if (to != null) {
      to.begin(stage + " " + item);
    }
  }

  /** Closes this thread's innermost open range. */
  public static void end() {
    Sink to = sink;
    if (to != null) {
      to.end();
    }
  }
}
