package dev.kiln.chip;

/** Which of a chip's coordinates is given to the model first. */
public enum LocationOrder {
  /** Latitude first, as the model was trained. */
  TRAINED,
  /** Longitude first: reproduces published vectors that were made so by mistake. */
  SWAPPED;

  /**
   * {@code [sin a, cos a, sin b, cos b]} in radians, where (a, b) is (lat, lon), or (lon, lat) when
   * swapped.
   *
   * @param lat degrees
   * @param lon degrees
   */
  public float[] encode(double lat, double lon) {
    double first = Math.toRadians(this == TRAINED ? lat : lon);
    double second = Math.toRadians(this == TRAINED ? lon : lat);
    return new float[] {
      (float) Math.sin(first),
      (float) Math.cos(first),
      (float) Math.sin(second),
      (float) Math.cos(second)
    };
  }
}
