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

  /** Most threads of one kind: more than any machine has cores. */
  private static final int MOST_THREADS = 1024;

  /**
   * Requires a number of threads that a machine can run: with thousands a run hardly moves.
   *
   * @throws OptionException if the value is not from 1 to 1,024
   */
  static void threads(String option, int value) {
    if (value < 1 || value > MOST_THREADS) {
      throw new OptionException(option + ": expected 1 to " + MOST_THREADS + ", found " + value);
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
   * Requires a number of threads if there is a value, and returns the value.
   *
   * @param value null if the option is not set
   * @throws OptionException if the value is not from 1 to 1,024
   */
  static Optional<Integer> optionalThreads(String option, Integer value) {
    if (value != null) {
      threads(option, value);
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
