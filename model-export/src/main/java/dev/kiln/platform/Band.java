package dev.kiln.platform;

/**
 * One spectral band as Clay knows it.
 *
 * @param name the band's name in Clay's metadata, such as {@code red} or {@code nir08}
 * @param wavelength centre wavelength in micrometres
 * @param mean mean of the training pixels, in stored units
 * @param std standard deviation of the training pixels, in stored units
 */
public record Band(String name, double wavelength, double mean, double std) {}
