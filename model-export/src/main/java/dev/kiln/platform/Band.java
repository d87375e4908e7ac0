package dev.kiln.platform;

import java.util.Objects;

/**
 * A spectral band with the statistics of Clay's training data.
 *
 * @param name name in Clay's metadata, such as {@code red} or {@code nir08}
 * @param wavelength centre wavelength in micrometres
 * @param mean mean of the training pixels, in stored units
 * @param std standard deviation of the training pixels, in stored units
 */
public record Band(String name, double wavelength, double mean, double std) {
  /** Checks that the name is not null. */
  public Band {
    Objects.requireNonNull(name, "name of a band");
  }
}
