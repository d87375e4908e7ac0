package dev.kiln.run;

/** What the process ends with; schedulers decide on it whether to try again. */
public final class ExitCode {
  /** All scenes are done. */
  public static final int DONE = 0;

  /** A fault in Kiln itself. */
  public static final int INTERNAL = 1;

  /** The command line is wrong. */
  public static final int USAGE = 2;

  /** All that can be done is done; some scenes failed for good. */
  public static final int SCENES_FAILED = 65;

  /** The machine or the way to the data failed; another try may succeed. */
  public static final int TRY_AGAIN = 75;

  /** Something must be changed before a run can succeed. */
  public static final int CONFIGURATION = 78;

  /** Ended by SIGTERM after saving. */
  public static final int TERMINATED = 143;

  private ExitCode() {}
}
