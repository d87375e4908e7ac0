package dev.kiln.cli;

import dev.kiln.fault.ConfigurationFault;

/** Refuses option values out of range. */
final class Range {
  private Range() {}

  static void atLeast(String option, int value, int least) {
    if (value < least) {
      throw new ConfigurationFault(option + " " + value + ": at least " + least + " expected");
    }
  }

  static void share(String option, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new ConfigurationFault(option + " " + value + ": a share from 0 to 1 expected");
    }
  }
}
