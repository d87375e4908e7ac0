package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;

/** Refuses option values out of range. */
final class Range {
  private Range() {}

  static void atLeast(String option, int value, int least) {
    if (value < least) {
      throw new ConfigurationException(option + " " + value + ": at least " + least + " expected");
    }
  }

  static void share(String option, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new ConfigurationException(option + " " + value + ": a share from 0 to 1 expected");
    }
  }
}
