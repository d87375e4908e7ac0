package dev.kiln.sample;

/** Classes of Sentinel-2's scene classification that samples contain. */
enum SceneClass {
  NO_DATA(0),
  SHADOW(3),
  VEGETATION(4),
  BARE(5),
  WATER(6),
  CLOUD_MEDIUM(8),
  CLOUD_HIGH(9),
  CIRRUS(10);

  private final int value;

  SceneClass(int value) {
    this.value = value;
  }

  /** Returns the stored value. */
  int value() {
    return value;
  }
}
