package dev.kiln.gdal;

import static dev.kiln.gdal.global.gdal.CPLQuietErrorHandler;
import static dev.kiln.gdal.global.gdal.CPLSetConfigOption;
import static dev.kiln.gdal.global.gdal.CPLSetErrorHandler;
import static dev.kiln.gdal.global.gdal.GDALRegister_COG;
import static dev.kiln.gdal.global.gdal.GDALRegister_GTiff;
import static dev.kiln.gdal.global.gdal.GDALRegister_MEM;
import static dev.kiln.gdal.global.gdal.GDALVersionInfo;

import dev.kiln.memory.NativeMemory;
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
  private static final Pattern MISSING = Pattern.compile("(libgdal\\.so\\.(\\d+)): cannot open");

  private static String version;
  private static LinkageError failure;

  private Gdal() {}

  /**
   * Loads the native library and prepares GDAL; a second call does nothing.
   *
   * @return GDAL's version, as in "3.6.2"
   * @throws IllegalStateException if the libgdal that this build was made for is not installed; its
   *     message is one line that names the package. Every later call throws it again
   */
  public static synchronized String load() {
    if (failure != null) {
      throw new IllegalStateException(explain(failure), failure);
    }
    if (version == null) {
      try {
        prepare();
        version = GDALVersionInfo("RELEASE_NAME");
      } catch (LinkageError error) {
        failure = error;
        throw new IllegalStateException(explain(error), error);
      }
    }
    return version;
  }

  private static void prepare() {
    NativeMemory.liftGuard();
    CPLSetErrorHandler(CPLQuietErrorHandler());
    CPLSetConfigOption("CPL_DEBUG", "OFF");
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
    CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
    GDALRegister_GTiff();
    GDALRegister_COG();
    GDALRegister_MEM();
  }

  /** One line from what the system's loader said, which is the innermost cause. */
  private static String explain(LinkageError error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    Matcher missing = MISSING.matcher(String.valueOf(cause.getMessage()));
    if (missing.find()) {
      return "GDAL: %s, which this Kiln was built for, is not installed: apt-get install libgdal%s"
              .formatted(missing.group(1), missing.group(2))
          + ", or rebuild Kiln here (apt-get install libgdal-dev)";
    }
    return "GDAL: the native library does not load (%s): ".formatted(cause.getMessage())
        + "apt-get install libgdal-dev and rebuild Kiln here";
  }
}
