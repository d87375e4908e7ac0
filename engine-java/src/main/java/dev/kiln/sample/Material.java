package dev.kiln.sample;

import java.util.List;

/**
 * Ground material with its surface reflectance in ten-thousandths, as in Sentinel-2: typical values
 * of published spectral libraries, rounded.
 */
enum Material {
  WATER(350, 420, 250, 220, 180, 170, 150, 140, 60, 40),
  SILT(800, 1100, 1000, 950, 600, 600, 450, 420, 80, 60),
  MUD(600, 800, 950, 1100, 1250, 1350, 1450, 1550, 1700, 1300),
  LOAM(700, 950, 1200, 1450, 1600, 1750, 1900, 2050, 2700, 2300),
  CHALK(1300, 1700, 2200, 2500, 2700, 2850, 3050, 3200, 4000, 3500),
  CROP(280, 620, 300, 950, 3200, 4300, 4700, 4800, 1900, 850),
  MEADOW(420, 800, 600, 1200, 2600, 3100, 3400, 3500, 2300, 1300),
  STRAW(900, 1350, 1850, 2200, 2450, 2600, 2800, 2950, 3700, 2900),
  BROADLEAF(220, 430, 240, 650, 2300, 3000, 3300, 3400, 1500, 650),
  CONIFER(180, 300, 200, 430, 1300, 1600, 1750, 1850, 900, 400),
  REED(300, 500, 450, 800, 1500, 1800, 1900, 2000, 1300, 800),
  ASPHALT(950, 1050, 1150, 1200, 1250, 1300, 1350, 1400, 1600, 1500),
  GRAVEL(1500, 1850, 2150, 2300, 2400, 2500, 2600, 2700, 3200, 3000),
  TILE(900, 1150, 1900, 2100, 2250, 2350, 2500, 2600, 3300, 3000),
  METAL(2800, 2950, 3050, 3100, 3150, 3200, 3250, 3300, 3300, 3100),
  CLOUD(7200, 7100, 7000, 7000, 7100, 7200, 7200, 7200, 4300, 3000);

  /** Bands of the reflectances above, in order. */
  static final List<String> BANDS =
      List.of(
          "blue",
          "green",
          "red",
          "rededge1",
          "rededge2",
          "rededge3",
          "nir",
          "nir08",
          "swir16",
          "swir22");

  private final float[] reflectance;

  Material(float... reflectance) {
    this.reflectance = reflectance;
  }

  /** Returns the reflectance of all materials: {@code [material.ordinal()][band]}. */
  static float[][] reflectance(List<String> bands) {
    Material[] materials = values();
    float[][] table = new float[materials.length][bands.size()];
    for (Material material : materials) {
      for (int b = 0; b < bands.size(); b++) {
        table[material.ordinal()][b] = material.reflectance[BANDS.indexOf(bands.get(b))];
      }
    }
    return table;
  }
}
