package dev.kiln.selftest;

import java.util.Locale;

/**
 * A measured value, optionally with a goal.
 *
 * @param name of the value
 * @param value measured
 * @param unit such as {@code chips/s}; empty for a count
 * @param goal in words; null if there is none
 * @param met whether the goal is reached; null if there is none
 */
public record Measurement(String name, double value, String unit, String goal, Boolean met) {
  /** Returns a measurement without a goal. */
  public static Measurement of(String name, double value, String unit) {
    return new Measurement(name, value, unit, null, null);
  }

  /** Returns this measurement with a minimum as its goal. */
  public Measurement atLeast(double least) {
    return new Measurement(
        name, value, unit, "at least " + number(least) + suffix(), value >= least);
  }

  /** Returns this measurement with a maximum as its goal. */
  public Measurement atMost(double most) {
    return new Measurement(name, value, unit, "at most " + number(most) + suffix(), value <= most);
  }

  private String suffix() {
    return unit.isEmpty() ? "" : " " + unit;
  }

  @Override
  public String toString() {
    String text = name + " " + number(value) + suffix();
    return goal == null ? text : text + " (goal: " + goal + ", " + (met ? "met" : "missed") + ")";
  }

  /** Formats a value with four significant digits; whole numbers have no fraction. */
  static String number(double value) {
    double size = Math.abs(value);
    if (value == Math.rint(value) && size < 1e15) {
      return String.format(Locale.ROOT, "%,d", (long) value);
    }
    if (size < 1e-3) {
      return String.format(Locale.ROOT, "%.2e", value);
    }
    int digits = size >= 1000 ? 0 : Math.min(6, 3 - (int) Math.floor(Math.log10(size)));
    return String.format(Locale.ROOT, "%,." + digits + "f", value);
  }
}
