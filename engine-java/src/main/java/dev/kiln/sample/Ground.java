package dev.kiln.sample;

import java.util.List;

/**
 * What one pixel sees: a mixture of materials, kept as the reflectance of each band in
 * ten-thousandths. Reused from pixel to pixel; not for use by several threads at once.
 */
final class Ground {
  private static final float DARKEST = 0.1f;

  private final float[][] materials;
  private final float[] reflectance;

  /**
   * @param bands that are wanted, by common name
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
   * Lays a material over a share of the pixel.
   *
   * @param share at most 0 for none, 1 and more for all
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

  /** Makes the pixel brighter or darker, though never black. */
  void light(float factor) {
    float light = Math.max(DARKEST, factor);
    for (int b = 0; b < reflectance.length; b++) {
      reflectance[b] *= light;
    }
  }

  /** Reflectance of a band in ten-thousandths. */
  float reflectance(int band) {
    return reflectance[band];
  }
}
