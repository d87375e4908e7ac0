package dev.kiln.chip;

/** How stored pixel values become those that a platform's statistics describe. */
public enum PixelValues {
  /**
   * Decided per scene: scale and offset tags are applied where the values then match the platform,
   * linear power and amplitude become decibels where the values or the metadata prove which they
   * are, and values of another scale are rejected.
   */
  AUTO,
  /** Stored values are backscatter in linear power, and become decibels. */
  POWER,
  /** Stored values are backscatter as amplitude, the root of power, and become decibels. */
  AMPLITUDE,
  /** Stored values are used unchanged and unchecked. */
  STORED
}
