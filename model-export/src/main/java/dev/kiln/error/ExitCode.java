package dev.kiln.error;

/** What the process says to whoever started it; a scheduler decides by it whether to try again. */
public final class ExitCode {
  /** All done. */
  public static final int DONE = 0;

  /** A defect in Kiln. */
  public static final int INTERNAL = 1;

  /** The command line is wrong. */
  public static final int USAGE = 2;

  /** Some scenes can never be embedded; all others are done. */
  public static final int SCENES_FAILED = 65;

  /** Something failed that may work another time: run again, what is done is kept. */
  public static final int TRY_AGAIN = 75;

  /** Something must be changed before another run can work. */
  public static final int CONFIGURATION = 78;

  /** Nothing was proven: this machine has nothing to prove it on. */
  public static final int UNPROVEN = 79;

  /** Ended by SIGTERM after saving. */
  public static final int TERMINATED = 143;

  private ExitCode() {}
}
