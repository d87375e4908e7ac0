package dev.kiln.selftest;

import java.util.List;

/** The device gives something else than the reference. */
final class MismatchException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Measurement> measurements;

  /**
   * @param measurements that show it
   */
  MismatchException(String reason, List<Measurement> measurements) {
    super(reason);
    this.measurements = List.copyOf(measurements);
  }

  List<Measurement> measurements() {
    return measurements;
  }
}
