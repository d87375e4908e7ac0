package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.OAMS_TRADITIONAL_GIS_ORDER;
import static dev.kiln.gdal.global.gdal.OCTDestroyCoordinateTransformation;
import static dev.kiln.gdal.global.gdal.OCTNewCoordinateTransformation;
import static dev.kiln.gdal.global.gdal.OCTTransform;
import static dev.kiln.gdal.global.gdal.OSRImportFromEPSG;
import static dev.kiln.gdal.global.gdal.OSRNewSpatialReference;
import static dev.kiln.gdal.global.gdal.OSRRelease;
import static dev.kiln.gdal.global.gdal.OSRSetAxisMappingStrategy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.gdal.Gdal;
import dev.kiln.gdal.OGRCoordinateTransformationH;
import dev.kiln.gdal.OGRSpatialReferenceH;

/** The installed GDAL library. */
public final class GdalLibrary {
  private static boolean projWorks;

  private GdalLibrary() {}

  /**
   * Loads GDAL and checks that PROJ works. Idempotent.
   *
   * @return GDAL's version
   * @throws ConfigurationException if the version that this build needs is not installed, or PROJ
   *     does not find its database
   */
  public static String require() {
    try {
      String version = Gdal.load();
      requireProj();
      return version;
    } catch (IllegalStateException e) {
      throw new ConfigurationException(e.getMessage(), e);
    }
  }

  /** Checks once that PROJ finds its database and transforms the origin of a UTM zone. */
  private static synchronized void requireProj() {
    if (projWorks) {
      return;
    }
    CPLErrorReset();
    OGRSpatialReferenceH utm = OSRNewSpatialReference("");
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference("");
    OGRCoordinateTransformationH transformation = null;
    try {
      if (OSRImportFromEPSG(utm, 32633) == 0 && OSRImportFromEPSG(wgs84, 4326) == 0) {
        OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
        transformation = OCTNewCoordinateTransformation(utm, wgs84);
      }
      double[] x = {500_000};
      double[] y = {0};
      projWorks =
          transformation != null
              && OCTTransform(transformation, 1, x, y, null) != 0
              && Math.abs(x[0] - 15) < 1e-6
              && Math.abs(y[0]) < 1e-6;
    } finally {
      if (transformation != null) {
        OCTDestroyCoordinateTransformation(transformation);
      }
      OSRRelease(utm);
      OSRRelease(wgs84);
    }
    if (!projWorks) {
      throw new ConfigurationException(
          "PROJ cannot use its database (%s): PROJ_LIB is %s, PROJ_DATA is %s; unset both, or install proj-data"
              .formatted(
                  GdalFile.lastError(), System.getenv("PROJ_LIB"), System.getenv("PROJ_DATA")));
    }
  }
}
