package dev.kiln.dataset;

import java.util.Arrays;

/**
 * Where chips of one file are in their scenes, as parallel arrays.
 *
 * @param uris where the archive stores the scene; empty if unknown
 * @param gsd metres per pixel; NaN if unknown
 * @param chipX column in the chip grid; -1 if unknown
 * @param chipY row in the chip grid; -1 if unknown
 * @param chipSize edge of a chip in pixels; 0 if unknown
 * @param stride distance between chips of the grid in pixels; 0 if unknown
 * @param within whether the last column and row of chips are moved inward, to the edge of the scene
 */
public record ChipOrigins(
    String[] uris,
    float[] gsd,
    int[] chipX,
    int[] chipY,
    int chipSize,
    int stride,
    boolean within) {
  /** No chips. */
  static final ChipOrigins NONE =
      new ChipOrigins(new String[0], new float[0], new int[0], new int[0], 0, 0, false);

  /** Returns some of the chips. */
  ChipOrigins pick(int[] from) {
    float[] picked = new float[from.length];
    for (int i = 0; i < from.length; i++) {
      picked[i] = gsd[from[i]];
    }
    return new ChipOrigins(
        Arrays.stream(from).mapToObj(i -> uris[i]).toArray(String[]::new),
        picked,
        Arrays.stream(from).map(i -> chipX[i]).toArray(),
        Arrays.stream(from).map(i -> chipY[i]).toArray(),
        chipSize,
        stride,
        within);
  }
}
