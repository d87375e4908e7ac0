package dev.kiln.raster;

import dev.kiln.error.ConfigurationException;
import dev.kiln.gdal.Gdal;

/** The installed GDAL library. */
public final class GdalLibrary {
  private GdalLibrary() {}

  /**
   * Loads GDAL. Idempotent.
   *
   * @return GDAL's version
   * @throws ConfigurationException if the version that this build needs is not installed
   */
  public static String require() {
    try {
      return Gdal.load();
    } catch (IllegalStateException e) {
      throw new ConfigurationException(e.getMessage(), e);
    }
  }
}
