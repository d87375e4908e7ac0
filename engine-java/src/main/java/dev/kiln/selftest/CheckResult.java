package dev.kiln.selftest;

import java.util.List;

/**
 * What came of one check.
 *
 * @param check its name
 * @param reason why it was skipped or failed; empty if it passed
 * @param measurements what was measured, also of a check that failed
 * @param seconds that it took
 */
public record CheckResult(
    String check, State state, String reason, List<Measurement> measurements, double seconds) {
  /** How a check ended. */
  public enum State {
    PASSED,
    FAILED,
    /** This machine lacks what the check needs. */
    SKIPPED
  }

  public CheckResult {
    measurements = List.copyOf(measurements);
  }
}
