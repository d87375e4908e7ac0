package dev.kiln.archive;

/** The meaning of the values of a classification band. */
public enum PixelClasses {
  /**
   * Sentinel-2's scene classification. Cloud: 1 saturated or defective, 3 cloud shadow, 8 and 9
   * cloud of medium and high probability, 10 thin cirrus. No data: 0.
   */
  SCENE_CLASSIFICATION("scl") {
    @Override
    public boolean isCloud(int value) {
      return value == 1 || value == 3 || (value >= 8 && value <= 10);
    }

    @Override
    public boolean isNodata(int value) {
      return value == 0;
    }
  },

  /**
   * The quality bits of Landsat Collection 2. Cloud: bit 1 dilated cloud, 3 cloud, 4 cloud shadow.
   * No data: bit 0, fill.
   *
   * @see <a
   *     href="https://www.usgs.gov/landsat-missions/landsat-collection-2-quality-assessment-bands">
   *     Landsat Collection 2 quality assessment bands</a>
   */
  QUALITY_BITS("qa_pixel") {
    @Override
    public boolean isCloud(int value) {
      return (value & 0b11010) != 0;
    }

    @Override
    public boolean isNodata(int value) {
      return (value & 1) != 0;
    }
  };

  private final String asset;

  PixelClasses(String asset) {
    this.asset = asset;
  }

  /**
   * Returns the name of the band's asset in a STAC item.
   *
   * @return such as {@code scl}
   */
  public String asset() {
    return asset;
  }

  /**
   * Returns whether a pixel counts as cloud: cloud, cloud shadow, or saturated.
   *
   * @param value of the classification band
   * @return whether it counts as cloud
   */
  public abstract boolean isCloud(int value);

  /**
   * Returns whether a pixel has no data.
   *
   * @param value of the classification band
   * @return whether it has no data
   */
  public abstract boolean isNodata(int value);
}
