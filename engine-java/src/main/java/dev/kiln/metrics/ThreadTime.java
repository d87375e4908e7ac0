package dev.kiln.metrics;

/** Sums the time that threads spend inside a section, including those that are inside now. */
public final class ThreadTime {
  private long nanos;
  private int inside;

  /** Creates a sum of zero. */
  public ThreadTime() {}

  /** Records that the calling thread enters the section. */
  public synchronized void enter() {
    nanos -= System.nanoTime();
    inside++;
  }

  /** Records that the calling thread leaves the section. */
  public synchronized void leave() {
    nanos += System.nanoTime();
    inside--;
  }

  /** Returns the sum over all threads in seconds. */
  public synchronized double seconds() {
    return (nanos + inside * System.nanoTime()) / 1e9;
  }
}
