package dev.kiln.sample;

import java.util.List;

/**
 * Mixture of materials in one pixel, as the reflectance of each band in ten-thousandths. Reused for
 * all pixels; not thread-safe.
 */
final class Ground {
  private static final float DARKEST = 0.1f;

  private final float[][] materials;
  private final float[] reflectance;

  /**
   * Creates the mixture.
   *
   * @param bands common names of the bands
   */
  Ground(List<String> bands) {
    this.materials = Material.reflectance(bands);
    this.reflectance = new float[bands.size()];
  }

  /** Covers the pixel with a material. */
  void set(Material material) {
    System.arraycopy(materials[material.ordinal()], 0, reflectance, 0, reflectance.length);
  }

  /**
   * Covers a share of the pixel with a material.
   *
   * @param share at most 0 for none, at least 1 for all
   */
  void cover(Material material, float share) {
    if (share <= 0) {
      return;
    }
    if (share >= 1) {
      set(material);
      return;
    }
    float[] other = materials[material.ordinal()];
    for (int b = 0; b < reflectance.length; b++) {
      reflectance[b] += share * (other[b] - reflectance[b]);
    }
  }

  /** Scales the brightness of the pixel, with a lower limit above black. */
  void light(float factor) {
    float light = Math.max(DARKEST, factor);
    for (int b = 0; b < reflectance.length; b++) {
      reflectance[b] *= light;
    }
  }

  /** Returns the reflectance of a band in ten-thousandths. */
  float reflectance(int band) {
    return reflectance[band];
  }
}
