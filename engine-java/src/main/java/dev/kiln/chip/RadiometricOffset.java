package dev.kiln.chip;

/**
 * Offset that is added to stored values before they are normalised. Since processing baseline 04.00
 * Sentinel-2 products contain an offset of +1000; Clay was trained on values without it.
 */
public enum RadiometricOffset {
  /** Decided per scene from its metadata. */
  AUTO("auto"),
  /** Stored values are used unchanged. */
  NONE("none"),
  /** Subtracts 1000; results are at least 1, and 0 (no data) stays 0. */
  MINUS_1000("-1000");

  private final String text;

  RadiometricOffset(String text) {
    this.text = text;
  }

  /** Returns the value as written on the command line. */
  @Override
  public String toString() {
    return text;
  }
}
