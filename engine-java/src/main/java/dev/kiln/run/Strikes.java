package dev.kiln.run;

/** Tells a passing failure from a machine that no longer works: three in a row end the run. */
final class Strikes {
  private static final int LIMIT = 3;

  private final String what;
  private int inARow;

  /**
   * @param what fails, in the plural
   */
  Strikes(String what) {
    this.what = what;
  }

  synchronized void success() {
    inARow = 0;
  }

  /**
   * @throws MachineFault if this was one too many
   */
  synchronized void failure(Exception cause) {
    inARow++;
    if (inARow >= LIMIT) {
      throw new MachineFault(
          inARow + " " + what + " in a row failed, the last: " + cause.getMessage(), cause);
    }
  }
}
