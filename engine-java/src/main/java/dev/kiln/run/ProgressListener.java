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
   * {@return a listener that calls this one and another}
   *
   * @param other called after this one
   */
  default ProgressListener and(ProgressListener other) {
    return snapshot -> {
      tick(snapshot);
      other.tick(snapshot);
    };
  }
}
