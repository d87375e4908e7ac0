package dev.kiln.chip;

/**
 * Whether stored values are shifted before they are normalised. Since processing baseline 04.00
 * Sentinel-2 products carry +1000; Clay was trained on values without.
 */
public enum RadiometricOffset {
  /** What the scene's metadata ask for. */
  AUTO("auto"),
  /** Values are taken as stored. */
  NONE("none"),
  /** 1000 is subtracted; values stay above 0, and 0, no data, stays 0. */
  MINUS_1000("-1000");

  private final String text;

  RadiometricOffset(String text) {
    this.text = text;
  }

  /**
   * What is added to the values of a scene.
   *
   * @param stated what its metadata ask for
   */
  public int of(int stated) {
    return switch (this) {
      case AUTO -> stated;
      case NONE -> 0;
      case MINUS_1000 -> -1000;
    };
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return text;
  }
}
