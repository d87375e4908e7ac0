package dev.kiln.platform;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Unit of a band's statistics, as far as it decides how pixels are read. */
public enum BandUnit {
  /** Backscatter in decibels; other backscatter is converted to it. */
  DECIBELS("dB"),
  /** Backscatter in linear power. */
  POWER("power"),
  /** Backscatter as amplitude, the root of power. */
  AMPLITUDE("amplitude"),
  /** No backscatter: digital numbers, reflectance, degrees, metres. */
  OTHER("other");

  private final String text;

  BandUnit(String text) {
    this.text = text;
  }

  /**
   * Returns a unit.
   *
   * @param text as in a platform file, in any case
   * @return empty if it is none
   */
  static Optional<BandUnit> of(String text) {
    return Stream.of(values())
        .filter(unit -> unit.text.toLowerCase(Locale.ROOT).equals(text.toLowerCase(Locale.ROOT)))
        .findFirst();
  }

  /** {@return the texts of all units, for messages} */
  public static String all() {
    return Stream.of(values()).map(BandUnit::toString).collect(Collectors.joining(", "));
  }

  /** Returns the unit as in a platform file. */
  @Override
  public String toString() {
    return text;
  }
}
