package dev.kiln.chip;

/** Order of a chip's coordinates in the model's input. */
public enum LocationOrder {
  /** Latitude first, as in training. */
  TRAINED,
  /** Longitude first: reproduces published vectors that were computed so by mistake. */
  SWAPPED;

  /**
   * {@return {@code [sin a, cos a, sin b, cos b]}, where (a, b) is (lat, lon), or (lon, lat) if
   * swapped}
   *
   * @param lat latitude in degrees
   * @param lon longitude in degrees
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
