package dev.kiln.chip;

/** How stored pixel values become those that a platform's statistics describe. */
public enum PixelValues {
  /**
   * Decided per scene: scale and offset tags are applied where the values then match the platform,
   * linear power becomes decibels, and values of another scale are rejected.
   */
  AUTO,
  /** Stored values are used unchanged and unchecked. */
  STORED
}
