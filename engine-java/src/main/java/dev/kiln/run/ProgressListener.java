package dev.kiln.run;

import java.util.function.Supplier;

/** Receives the progress of a run. */
public interface ProgressListener {
  /**
   * Called about every 100 ms.
   *
   * @param snapshot takes a snapshot of the run; call it only to report something
   */
  void tick(Supplier<Snapshot> snapshot);

  /**
   * Called once at the end of a run, after its report was written. A process that was asked to exit
   * waits until this returns.
   *
   * @param report what was done
   */
  default void ended(RunReport report) {}

  /**
   * {@return a listener that calls this one and another}
   *
   * @param other called after this one
   */
  default ProgressListener and(ProgressListener other) {
    ProgressListener first = this;
    return new ProgressListener() {
      @Override
      public void tick(Supplier<Snapshot> snapshot) {
        first.tick(snapshot);
        other.tick(snapshot);
      }

      @Override
      public void ended(RunReport report) {
        first.ended(report);
        other.ended(report);
      }
    };
  }
}
