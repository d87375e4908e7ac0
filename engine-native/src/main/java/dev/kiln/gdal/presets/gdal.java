package dev.kiln.gdal.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.presets.javacpp;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * JavaCPP preset for GDAL's C headers. Functions and constants become static members of {@code
 * dev.kiln.gdal.global.gdal}, handles become classes of {@code dev.kiln.gdal}; the build generates
 * both from the headers of the build machine.
 *
 * <p>Strings are passed as UTF-8. A list of strings is a {@code PointerPointer} that ends with
 * null.
 */
@Properties(
    inherit = javacpp.class,
    value =
        @Platform(
            define = {"CPL_SUPRESS_CPLUSPLUS", "STRING_BYTES_CHARSET \"UTF-8\""},
            // The order matters: a handle must be declared before a header uses it.
            include = {
              "cpl_error.h",
              "cpl_progress.h",
              "cpl_vsi.h",
              "cpl_conv.h",
              "cpl_string.h",
              "ogr_core.h",
              "gdal_fwd.h",
              "ogr_srs_api.h",
              "gdal.h",
              "drivers.h",
              "gdal_messages.h",
            }),
    target = "dev.kiln.gdal",
    global = "dev.kiln.gdal.global.gdal")
public class gdal implements InfoMapper {

  @Override
  public void map(InfoMap infos) {
    conditions(infos);
    attributes(infos);
    types(infos);
    omissions(infos);
  }

  /**
   * Conditions that are false: JavaCPP takes both branches of a condition that it cannot decide.
   */
  private static void conditions(InfoMap infos) {
    infos.put(
        new Info(
                "DEBUG",
                "GDAL_COMPILATION",
                "STRICT_OGRERR_TYPE",
                "SWIG",
                "WITHOUT_CPLDEBUG",
                "_WIN32",
                "__cplusplus",
                "defined(__cplusplus) && !defined(CPL_SUPRESS_CPLUSPLUS)",
                "defined(DOXYGEN_SKIP)",
                "undef")
            .define(false));
  }

  /** Macros that the parser would mistake for a type or a name. */
  private static void attributes(InfoMap infos) {
    for (String macro :
        new String[] {
          "CPL_C_START",
          "CPL_C_END",
          "CPL_DLL",
          "CPL_RESTRICT",
          "CPL_STDCALL",
          "CPL_WARN_UNUSED_RESULT",
          "EXPERIMENTAL_CPL_WARN_UNUSED_RESULT",
          "__thread",
        }) {
      infos.put(new Info(macro).cppText("#define " + macro));
    }
    for (String macro :
        new String[] {
          "CPL_PRINT_FUNC_FORMAT(format, first)",
          "CPL_SCAN_FUNC_FORMAT(format, first)",
          "CPL_FORMAT_STRING(format) format",
          "CPL_SCANF_FORMAT_STRING(format) format",
        }) {
      infos.put(new Info(macro.substring(0, macro.indexOf('('))).cppText("#define " + macro));
    }
  }

  private static void types(InfoMap infos) {
    integer(infos, "short", "ShortPointer", "GInt16", "GUInt16");
    integer(infos, "int", "IntPointer", "GInt32", "GUInt32");
    integer(infos, "long", "LongPointer", "GIntBig", "GUIntBig", "GInt64", "GUInt64");
    integer(infos, "long", "LongPointer", "GSpacing", "GPtrDiff_t", "vsi_l_offset");
    infos
        .put(new Info("int").valueTypes("int").pointerTypes("IntPointer", "int[]"))
        .put(new Info("double").valueTypes("double").pointerTypes("DoublePointer", "double[]"))
        .put(new Info("char", "GByte").cast().valueTypes("byte").pointerTypes("BytePointer"))
        .put(new Info("const char").valueTypes("byte").pointerTypes("String"));
    opaque(infos, "PointerPointer", "CSLConstList");
    // A parameter of this type takes a dataset, a band or a driver.
    opaque(infos, "Pointer", "GDALMajorObjectH");
    opaque(infos, "Pointer", "OGRFeatureDefnH", "OGRFeatureH", "OGRFieldDomainH", "OGRGeometryH");
    opaque(infos, "Pointer", "CPLLockFileHandle", "GDALSubdatasetInfoH", "OGRGeomFieldDefnH");
    opaque(infos, "Pointer", "OGRCoordinateTransformationOptionsH", "OGRLayerH", "OGRStyleTableH");
    opaque(infos, "Pointer", "GDALAttributeH", "GDALDimensionH", "GDALGroupH", "GDALMDArrayH");
    opaque(infos, "Pointer", "GDALEDTComponentH", "GDALExtendedDataTypeH");
    infos.put(
        new Info("CPLVirtualMem", "CPLXMLNode", "FILE", "VSILFILE").cast().pointerTypes("Pointer"));
    // GDAL's threads call the handler; Java installs it and reads its counts.
    infos.put(new Info("CPLQuietErrorHandler").skip());
    infos.put(
        new Info(
                "kilnCountOfAll",
                "kilnCountOfThread",
                "kilnLastReport",
                "kilnReportsDamage",
                "kilnCountMessage")
            .skip());
  }

  private static void integer(InfoMap infos, String java, String pointer, String... names) {
    infos.put(new Info(names).cast().valueTypes(java).pointerTypes(pointer, java + "[]"));
  }

  private static void opaque(InfoMap infos, String java, String... names) {
    infos.put(new Info(names).cast().valueTypes(java).pointerTypes("PointerPointer"));
  }

  /** Functions that the library does not export or Java cannot call. */
  private static void omissions(InfoMap infos) {
    // Pairs of first and last lines: file systems that GDAL installs itself, and C callbacks.
    infos.put(
        new Info("cpl_vsi.h")
            .skip()
            .linePatterns(
                ".*VSIInstallMemFileHandler.*", ".*VSISetCryptKey.*",
                ".*\\(\\*VSIFilesystemPluginStatCallback\\).*", ".*VSILocalTime.*"));
    infos
        .put(
            new Info(
                    "CPLErrorSetState", "CPLErrorV", "CPLPrintTime", "CPLVASPrintf", "CPLvsnprintf")
                .skip())
        .put(new Info("CPLCleanupSetlocaleMutex", "CPLTurnFailureIntoWarning").skip())
        .put(new Info("CPLsetlocale", "CPLsnprintf", "OGRStrdup").skip())
        .put(new Info("VSIStat", "VSIStatBuf", "VSIStatBufL", "VSIStatExL", "VSIStatL").skip())
        .put(new Info("GDALExtractRPCInfoV1", "GDALExtractRPCInfoV2").skip())
        .put(new Info("GDALRPCInfoV1", "GDALRPCInfoV2", "OGRwkbGeometryType").skip());
    // Macros that are neither a number nor a string.
    infos.put(
        new Info("CPLFree", "CPLReadDir", "GDALExtractRPCInfo", "GDALRPCInfo", "VSI_L_OFFSET_MAX")
            .skip());
  }
}
