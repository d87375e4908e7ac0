package dev.kiln.raster;

import dev.kiln.fault.ConfigurationFault;
import dev.kiln.gdal.Gdal;

/** GDAL as installed on this machine. */
public final class GdalLibrary {
  private GdalLibrary() {}

  /**
   * Loads GDAL; a second call does nothing.
   *
   * @return its version
   * @throws ConfigurationFault if it is not installed as this build needs it
   */
  public static String require() {
    try {
      return Gdal.load();
    } catch (IllegalStateException e) {
      throw new ConfigurationFault(e.getMessage(), e);
    }
  }
}
