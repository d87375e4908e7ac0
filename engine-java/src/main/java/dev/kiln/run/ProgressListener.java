package dev.kiln.run;

import java.util.function.Supplier;

/** Is asked often, and looks when it likes. */
public interface ProgressListener {
  /** A moment has passed. */
  void tick(Supplier<Snapshot> run);
}
