package dev.kiln.gdal;

import static dev.kiln.gdal.global.gdal.CPLSetConfigOption;
import static dev.kiln.gdal.global.gdal.GDALRegister_COG;
import static dev.kiln.gdal.global.gdal.GDALRegister_GTiff;
import static dev.kiln.gdal.global.gdal.GDALRegister_JPEG;
import static dev.kiln.gdal.global.gdal.GDALRegister_MEM;
import static dev.kiln.gdal.global.gdal.GDALRegister_PNG;
import static dev.kiln.gdal.global.gdal.GDALRegister_VRT;
import static dev.kiln.gdal.global.gdal.GDALVersionInfo;
import static dev.kiln.gdal.global.gdal.OSRSetPROJEnableNetwork;
import static dev.kiln.gdal.global.gdal.RegisterOGRFlatGeobuf;
import static dev.kiln.gdal.global.gdal.RegisterOGRGeoJSON;
import static dev.kiln.gdal.global.gdal.RegisterOGRGeoPackage;
import static dev.kiln.gdal.global.gdal.RegisterOGRShape;
import static dev.kiln.gdal.global.gdal.kilnCountMessages;

import dev.kiln.memory.NativeMemory;
import dev.kiln.nativelib.NativeLibrary;
import java.util.Map;

/**
 * The GDAL library. Callers of {@link dev.kiln.gdal.global.gdal} call {@link #load} first.
 *
 * <p>Loading configures GDAL for the whole process: drivers of a few formats only, no look at files
 * beside the one that is opened, no sidecar files, no Python in VRTs, and no output. Errors are
 * read from {@code CPLGetLastErrorMsg} on the thread whose call failed; {@code kilnMessages} counts
 * the warnings and errors of all threads.
 */
public final class Gdal {
  /** Options that change results, at their defaults: the environment cannot set them. */
  private static final Map<String, String> PINNED =
      Map.ofEntries(
          Map.entry("GDAL_GEOREF_SOURCES", "INTERNAL"),
          Map.entry("GTIFF_POINT_GEO_IGNORE", "FALSE"),
          Map.entry("GTIFF_HONOUR_NEGATIVE_SCALEY", "NO"),
          Map.entry("GTIFF_IGNORE_READ_ERRORS", "NO"),
          Map.entry("GTIFF_DIRECT_IO", "NO"),
          Map.entry("GTIFF_VIRTUAL_MEM_IO", "NO"),
          Map.entry("GDAL_TIFF_INTERNAL_MASK_TO_8BIT", "YES"),
          Map.entry("CONVERT_YCBCR_TO_RGB", "YES"),
          Map.entry("GDAL_JPEG_TO_RGB", "YES"),
          Map.entry("OSR_DEFAULT_AXIS_MAPPING_STRATEGY", "AUTHORITY_COMPLIANT"),
          Map.entry("OGR_CT_FORCE_TRADITIONAL_GIS_ORDER", "NO"),
          Map.entry("OSR_USE_APPROX_TMERC", "NO"),
          Map.entry("GDAL_VRT_ENABLE_PYTHON", "NO"));

  private static final NativeLibrary LIBRARY = new NativeLibrary("GDAL", Gdal::prepare);

  private Gdal() {}

  /**
   * Loads the native library and configures GDAL; later calls do nothing.
   *
   * @return GDAL's version, such as "3.6.2"
   * @throws IllegalStateException if the libgdal that this build links is not installed: one line
   *     that names the package. Later calls throw it again
   */
  public static String load() {
    LIBRARY.load();
    return GDALVersionInfo("RELEASE_NAME");
  }

  private static void prepare() {
    NativeMemory.disableLimit();
    kilnCountMessages();
    pin();
    OSRSetPROJEnableNetwork(0);
    GDALRegister_GTiff();
    GDALRegister_COG();
    GDALRegister_MEM();
    GDALRegister_PNG();
    GDALRegister_JPEG();
    GDALRegister_VRT();
    RegisterOGRGeoJSON();
    RegisterOGRGeoPackage();
    RegisterOGRFlatGeobuf();
    RegisterOGRShape();
    // The first registration has read GDAL_CONFIG_FILE, which can set options too.
    pin();
  }

  private static void pin() {
    CPLSetConfigOption("CPL_DEBUG", "OFF");
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
    CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
    PINNED.forEach((option, value) -> CPLSetConfigOption(option, value));
  }
}
