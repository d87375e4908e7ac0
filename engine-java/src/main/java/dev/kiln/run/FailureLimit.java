package dev.kiln.run;

import dev.kiln.error.MachineException;

/** Ends a run after several failures in a row, which mean that the machine is at fault. */
final class FailureLimit {
  private static final int LIMIT = 3;

  private final String what;
  private int inARow;

  /**
   * Creates a limit.
   *
   * @param what fails, in the plural
   */
  FailureLimit(String what) {
    this.what = what;
  }

  synchronized void success() {
    inARow = 0;
  }

  /**
   * Counts a failure.
   *
   * @throws MachineException if it reaches the limit
   */
  synchronized void failure(Throwable cause) {
    inARow++;
    if (inARow >= LIMIT) {
      throw new MachineException(
          "%d consecutive %s failed: %s".formatted(inARow, what, cause.getMessage()), cause);
    }
  }
}
