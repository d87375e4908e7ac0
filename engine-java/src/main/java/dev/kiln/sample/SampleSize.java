package dev.kiln.sample;

/**
 * Size of scenes in pixels.
 *
 * @param naipWidth width of a NAIP scene
 * @param naipHeight height of a NAIP scene
 * @param sentinel2 side of a Sentinel-2 scene's 10 m bands; even, because 20 m bands have half of
 *     it
 */
public record SampleSize(int naipWidth, int naipHeight, int sentinel2) {
  /** Small scenes: 15 chips per NAIP scene, 16 per Sentinel-2 scene. */
  public static final SampleSize SMALL = new SampleSize(1300, 900, 1098);

  /** Scenes as large as those of the real archives. */
  public static final SampleSize FULL = new SampleSize(12_666, 9_704, 10_980);

  public SampleSize {
    if (naipWidth < 1 || naipHeight < 1 || sentinel2 < 2 || sentinel2 % 2 != 0) {
      throw new IllegalArgumentException(
          "expected positive sizes, and an even one for Sentinel-2, found %d × %d and %d"
              .formatted(naipWidth, naipHeight, sentinel2));
    }
  }
}
