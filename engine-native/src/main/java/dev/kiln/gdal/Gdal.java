package dev.kiln.gdal;

import static dev.kiln.gdal.global.gdal.CPLQuietErrorHandler;
import static dev.kiln.gdal.global.gdal.CPLSetConfigOption;
import static dev.kiln.gdal.global.gdal.CPLSetErrorHandler;
import static dev.kiln.gdal.global.gdal.GDALRegister_COG;
import static dev.kiln.gdal.global.gdal.GDALRegister_GTiff;
import static dev.kiln.gdal.global.gdal.GDALRegister_MEM;
import static dev.kiln.gdal.global.gdal.GDALVersionInfo;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Loads GDAL. Whoever calls {@link dev.kiln.gdal.global.gdal} calls {@link #load} first.
 *
 * <p>The whole process then has three drivers (GTiff, COG, MEM), looks at no file beside the one it
 * opens, writes no sidecar file, and prints nothing: errors are read from {@code
 * CPLGetLastErrorMsg} on the thread whose call failed.
 */
public final class Gdal {
  private static final Pattern MISSING = Pattern.compile("libgdal\\.so\\.(\\d+)");

  private static String version;
  private static IllegalStateException failure;

  private Gdal() {}

  /**
   * Loads the native library and prepares GDAL; a second call does nothing.
   *
   * @return GDAL's version, as in "3.6.2"
   * @throws IllegalStateException if the library that this build was made for is not installed; its
   *     message is one line that names the package. Every later call throws it again
   */
  public static synchronized String load() {
    if (failure != null) {
      throw failure;
    }
    if (version == null) {
      try {
        prepare();
        version = GDALVersionInfo("RELEASE_NAME");
      } catch (LinkageError error) {
        failure = new IllegalStateException(explain(error), error);
        throw failure;
      }
    }
    return version;
  }

  private static void prepare() {
    CPLSetErrorHandler(CPLQuietErrorHandler());
    CPLSetConfigOption("CPL_DEBUG", "OFF");
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
    CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
    GDALRegister_GTiff();
    GDALRegister_COG();
    GDALRegister_MEM();
  }

  /** One line from what the JVM said about the library. */
  static String explain(LinkageError error) {
    Matcher missing = MISSING.matcher(String.valueOf(error.getMessage()));
    if (missing.find()) {
      return "GDAL: "
          + missing.group()
          + ", which this build of Kiln was made for, is not installed: apt-get install libgdal"
          + missing.group(1)
          + ", or rebuild Kiln on this machine (apt-get install libgdal-dev)";
    }
    return "GDAL: the native library does not load ("
        + error.getMessage()
        + "): apt-get install libgdal-dev and rebuild Kiln on this machine";
  }
}
