package dev.kiln.cli;

import java.util.Optional;

/** Checks of numeric option values. */
final class Range {
  private Range() {}

  /**
   * Requires a minimum.
   *
   * @throws OptionException if the value is smaller
   */
  static void atLeast(String option, int value, int minimum) {
    if (value < minimum) {
      throw new OptionException(option + ": expected " + minimum + " or more, found " + value);
    }
  }

  /**
   * Requires a minimum if there is a value, and returns the value.
   *
   * @param value null if the option is not set
   * @throws OptionException if the value is smaller
   */
  static Optional<Integer> optionalAtLeast(String option, Integer value, int minimum) {
    if (value != null) {
      atLeast(option, value, minimum);
    }
    return Optional.ofNullable(value);
  }

  /**
   * Requires a fraction.
   *
   * @throws OptionException if the value is not from 0 to 1
   */
  static void fraction(String option, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new OptionException(option + ": expected a fraction from 0 to 1, found " + value);
    }
  }
}
