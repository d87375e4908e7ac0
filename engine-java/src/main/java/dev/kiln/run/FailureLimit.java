package dev.kiln.run;

import dev.kiln.error.MachineException;

/** Tells a passing failure from a machine that no longer works: three in a row end the run. */
final class FailureLimit {
  private static final int LIMIT = 3;

  private final String what;
  private int inARow;

  /**
   * @param what fails, in the plural
   */
  FailureLimit(String what) {
    this.what = what;
  }

  synchronized void success() {
    inARow = 0;
  }

  /**
   * @throws MachineException if this was one too many
   */
  synchronized void failure(Exception cause) {
    inARow++;
    if (inARow >= LIMIT) {
      throw new MachineException(
          inARow + " " + what + " in a row failed, the last: " + cause.getMessage(), cause);
    }
  }
}
