package dev.kiln.selftest;

import java.util.List;

/** Results of the device differ from the reference. */
final class MismatchException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Measurement> measurements;

  /**
   * Creates an exception.
   *
   * @param measurements that show the difference
   */
  MismatchException(String reason, List<Measurement> measurements) {
    super(reason);
    this.measurements = List.copyOf(measurements);
  }

  List<Measurement> measurements() {
    return measurements;
  }
}
