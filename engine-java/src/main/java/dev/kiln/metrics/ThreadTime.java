package dev.kiln.metrics;

/** Sums the time that any number of threads spend inside, those inside at the moment included. */
public final class ThreadTime {
  private long nanos;
  private int inside;

  public synchronized void enter() {
    nanos -= System.nanoTime();
    inside++;
  }

  public synchronized void leave() {
    nanos += System.nanoTime();
    inside--;
  }

  public synchronized double seconds() {
    return (nanos + inside * System.nanoTime()) / 1e9;
  }
}
