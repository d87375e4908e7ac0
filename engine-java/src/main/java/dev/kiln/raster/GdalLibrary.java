package dev.kiln.raster;

import dev.kiln.error.ConfigurationException;
import dev.kiln.gdal.Gdal;

/** GDAL as installed on this machine. */
public final class GdalLibrary {
  private GdalLibrary() {}

  /**
   * Loads GDAL; a second call does nothing.
   *
   * @return its version
   * @throws ConfigurationException if it is not installed as this build needs it
   */
  public static String require() {
    try {
      return Gdal.load();
    } catch (IllegalStateException e) {
      throw new ConfigurationException(e.getMessage(), e);
    }
  }
}
