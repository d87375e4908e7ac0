package dev.kiln.platform;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A spectral band with the statistics of Clay's training data.
 *
 * @param name name in Clay's metadata, such as {@code red} or {@code nir08}
 * @param wavelength centre wavelength in micrometres
 * @param mean mean of the training pixels, in stored units or those of {@code scale}
 * @param std standard deviation of the training pixels, in the same units
 * @param unit of the statistics; empty if it is not stated, as for the built-in platforms
 * @param scale conversion of stored values to the unit of the statistics; empty if it is not
 *     stated, so that files, items and values decide
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Band(
    String name,
    double wavelength,
    double mean,
    double std,
    Optional<BandUnit> unit,
    Optional<BandScale> scale) {
  /** Means of decibels are between these, if no unit is stated. */
  private static final double LOWEST_DECIBELS = -60;

  private static final double HIGHEST_DECIBELS = -1;

  /** Names of polarisations, such as {@code vv} or {@code gamma0_VH_dB}. */
  private static final Pattern RADAR =
      Pattern.compile("(?<![a-z])(vv|vh|hv|hh)(?=$|[^a-z]|db$)|(?<![a-z])db(?![a-z])");

  /** Checks that the name is not null. Descriptions of earlier versions have no unit and scale. */
  public Band {
    Objects.requireNonNull(name, "name of a band");
    unit = unit == null ? Optional.empty() : unit;
    scale = scale == null ? Optional.empty() : scale;
  }

  /**
   * Creates a band whose unit is not stated.
   *
   * @param name name in Clay's metadata
   * @param wavelength centre wavelength in micrometres
   * @param mean mean of the training pixels, in stored units
   * @param std standard deviation of the training pixels, in stored units
   */
  public Band(String name, double wavelength, double mean, double std) {
    this(name, wavelength, mean, std, Optional.empty(), Optional.empty());
  }

  /**
   * Returns whether the statistics are in decibels: as stated, or else by the mean, because means
   * of indices are nearer to 0, and those of depths below the sea are lower.
   *
   * @return whether they are taken for decibels
   */
  @JsonIgnore
  public boolean isInDecibels() {
    return unit.map(stated -> stated == BandUnit.DECIBELS).orElse(hasMeanOfDecibels());
  }

  private boolean hasMeanOfDecibels() {
    return mean > LOWEST_DECIBELS && mean < HIGHEST_DECIBELS;
  }

  /**
   * Returns whether nothing tells if the statistics are in decibels: means of temperatures are like
   * those of backscatter in decibels, and backscatter can also be in linear power.
   *
   * @return whether the unit should be stated
   */
  @JsonIgnore
  public boolean isUnitInDoubt() {
    boolean radar = RADAR.matcher(name.toLowerCase(Locale.ROOT)).find();
    return unit.isEmpty() && radar != hasMeanOfDecibels();
  }
}
