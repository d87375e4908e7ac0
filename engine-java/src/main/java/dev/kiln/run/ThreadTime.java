package dev.kiln.run;

/** Sums the time that any number of threads spend inside, those inside at the moment included. */
final class ThreadTime {
  private long nanos;
  private int inside;

  synchronized void enter() {
    nanos -= System.nanoTime();
    inside++;
  }

  synchronized void leave() {
    nanos += System.nanoTime();
    inside--;
  }

  synchronized double seconds() {
    return (nanos + inside * System.nanoTime()) / 1e9;
  }
}
