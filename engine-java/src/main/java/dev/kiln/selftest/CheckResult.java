package dev.kiln.selftest;

import java.util.List;

/**
 * The result of one check.
 *
 * @param check name of the check
 * @param reason why it was skipped or failed; empty if it passed
 * @param measurements measurements, also of a failed check
 * @param seconds duration
 */
public record CheckResult(
    String check, State state, String reason, List<Measurement> measurements, double seconds) {
  /** The outcome of a check. */
  public enum State {
    PASSED,
    FAILED,
    /** The machine lacks something that the check needs. */
    SKIPPED
  }

  public CheckResult {
    measurements = List.copyOf(measurements);
  }
}
