package dev.kiln.gdal.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.presets.javacpp;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

@Properties(
    inherit = javacpp.class,
    value =
        @Platform(
            define = {"CPL_SUPRESS_CPLUSPLUS", "STRING_BYTES_CHARSET \"UTF-8\""},
            include = {
              "cpl_error.h",
              "cpl_progress.h",
              "cpl_vsi.h",
              "cpl_conv.h",
              "cpl_string.h",
              "ogr_core.h",
              "ogr_srs_api.h",
              "gdal.h",
              "drivers.h",
            }),
    target = "dev.kiln.gdal",
    global = "dev.kiln.gdal.global.gdal")
public class gdal implements InfoMapper {

  @Override
  public void map(InfoMap names) {
    conditions(names);
    attributes(names);
    types(names);
    skipped(names);
  }

  /** The parser takes both branches of a condition that it cannot decide. */
  private static void conditions(InfoMap names) {
    names.put(
        new Info(
                "DEBUG",
                "DOXYGEN_SKIP",
                "GDAL_COMPILATION",
                "STRICT_CPLERRORNUM_TYPE",
                "STRICT_OGRERR_TYPE",
                "SWIG",
                "VSI_DEBUG",
                "VSIL_STRICT_ENFORCE",
                "WITHOUT_CPLDEBUG",
                "ALIAS_CPLSNPRINTF_AS_SNPRINTF",
                "HAVE_GCC_DIAGNOSTIC_PUSH",
                "USE_DEPRECATED_SRS_WKT_WGS84",
                "_MSC_VER",
                "_WIN32",
                "__cplusplus",
                "defined(__cplusplus) && !defined(CPL_SUPRESS_CPLUSPLUS)",
                "defined(DEBUG) && !defined(CPPCHECK)",
                "undef",
                "defined(DOXYGEN_SKIP)")
            .define(false));
    names.put(new Info("VSI_STAT64_T").define(true));
  }

  private static void attributes(InfoMap names) {
    for (String macro :
        new String[] {
          "CPL_C_START", "CPL_C_END", "CPL_DLL", "CPL_STDCALL",
          "CPL_NO_RETURN", "CPL_RETURNS_NONNULL", "CPL_UNUSED", "CPL_RESTRICT",
          "CPL_WARN_UNUSED_RESULT", "EXPERIMENTAL_CPL_WARN_UNUSED_RESULT", "OGR_DEPRECATED",
        }) {
      names.put(new Info(macro).cppText("#define " + macro));
    }
    for (String macro :
        new String[] {
          "CPL_WARN_DEPRECATED", "OGR_DEPRECATED",
        }) {
      names.put(new Info(macro).cppText("#define " + macro + "(x)"));
    }
    names.put(
        new Info("CPL_PRINT_FUNC_FORMAT").cppText("#define CPL_PRINT_FUNC_FORMAT(format, first)"));
    names.put(
        new Info("CPL_SCAN_FUNC_FORMAT").cppText("#define CPL_SCAN_FUNC_FORMAT(format, first)"));
    names.put(new Info("CPL_FORMAT_STRING").cppText("#define CPL_FORMAT_STRING(format) format"));
    names.put(
        new Info("CPL_SCANF_FORMAT_STRING")
            .cppText("#define CPL_SCANF_FORMAT_STRING(format) format"));
  }

  private static void types(InfoMap names) {
    names
        .put(new Info("const char").valueTypes("byte").pointerTypes("String"))
        .put(new Info("char").cast().valueTypes("byte").pointerTypes("BytePointer"))
        .put(new Info("int").valueTypes("int").pointerTypes("IntPointer", "int[]"))
        .put(new Info("double").valueTypes("double").pointerTypes("DoublePointer", "double[]"))
        .put(new Info("GByte").cast().valueTypes("byte").pointerTypes("BytePointer"))
        .put(new Info("GBool").cast().valueTypes("int").pointerTypes("IntPointer", "int[]"))
        .put(
            new Info("GInt16", "GUInt16")
                .cast()
                .valueTypes("short")
                .pointerTypes("ShortPointer", "short[]"))
        .put(
            new Info("GInt32", "GUInt32")
                .cast()
                .valueTypes("int")
                .pointerTypes("IntPointer", "int[]"))
        .put(
            new Info(
                    "GIntBig",
                    "GUIntBig",
                    "GInt64",
                    "GUInt64",
                    "GPtrDiff_t",
                    "vsi_l_offset",
                    "GSpacing")
                .cast()
                .valueTypes("long")
                .pointerTypes("LongPointer", "long[]"))
        .put(
            new Info("CPLQuietErrorHandler")
                .javaText(
                    "@MemberGetter public static native CPLErrorHandler CPLQuietErrorHandler();"))
        .put(
            new Info("CSLConstList")
                .cast()
                .valueTypes("PointerPointer")
                .pointerTypes("PointerPointer"))
        .put(
            new Info("FILE", "VSILFILE", "CPLVirtualMem", "CPLXMLNode")
                .cast()
                .pointerTypes("Pointer"));
    for (String handle :
        new String[] {
          "OGRLayerH",
          "OGRFeatureH",
          "OGRGeometryH",
          "OGRFeatureDefnH",
          "OGRFieldDomainH",
          "OGRStyleTableH",
          "GDALMDArrayH",
          "GDALAttributeH",
          "GDALGroupH",
          "GDALExtendedDataTypeH",
          "GDALDimensionH",
          "GDALEDTComponentH",
          "OGRCoordinateTransformationOptionsH"
        }) {
      names.put(new Info(handle).cast().valueTypes("Pointer").pointerTypes("PointerPointer"));
    }
  }

  private static void skipped(InfoMap names) {
    names.put(
        new Info("cpl_vsi.h")
            .skip()
            .linePatterns(
                ".*VSIInstallMemFileHandler.*", ".*VSISetCryptKey.*",
                ".*\\(\\*VSIFilesystemPluginStatCallback\\).*", ".*VSILocalTime.*"));
    for (String name :
        new String[] {
          "CPLErrorV",
          "CPLPrintTime",
          "CPLvsnprintf",
          "CPLVASPrintf",
          "CPLsnprintf",
          "CPLTurnFailureIntoWarning",
          "CPLsetlocale",
          "CPLCleanupSetlocaleMutex",
          "OGRStrdup",
          "OGRwkbGeometryType",
          "VSIStat",
          "VSIStatL",
          "VSIStatExL",
          "VSIStatBuf",
          "VSIStatBufL",
          "VSIReadDir",
          "CPLReadDir",
          "CPLFree",
          "VSI_L_OFFSET_MAX",
          "GDALRPCInfo",
          "GDALRPCInfoV1",
          "GDALRPCInfoV2",
          "GDALExtractRPCInfo",
          "GDALExtractRPCInfoV1",
          "GDALExtractRPCInfoV2"
        }) {
      names.put(new Info(name).skip());
    }
  }
}
