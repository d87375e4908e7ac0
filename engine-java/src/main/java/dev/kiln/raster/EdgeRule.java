package dev.kiln.raster;

/** What happens to the pixels at the right and lower edge of a scene that no whole chip covers. */
public enum EdgeRule {
  /** They are not embedded. */
  DROP,
  /** The last column and the last row of chips move inward, to the edge of the scene. */
  SHIFT,
  /** One more column and row of chips extends over the edge; pixels beyond it have no data. */
  PAD
}
