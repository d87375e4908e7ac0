package dev.kiln.testing;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorMsg;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALCreate;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDALGetDriverByName;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALSetGeoTransform;
import static dev.kiln.gdal.global.gdal.GDALSetRasterNoDataValue;
import static dev.kiln.gdal.global.gdal.GDALSetSpatialRef;
import static dev.kiln.gdal.global.gdal.GDT_Byte;
import static dev.kiln.gdal.global.gdal.GDT_Float32;
import static dev.kiln.gdal.global.gdal.GDT_Float64;
import static dev.kiln.gdal.global.gdal.GDT_Int16;
import static dev.kiln.gdal.global.gdal.GDT_UInt16;
import static dev.kiln.gdal.global.gdal.GF_Write;
import static dev.kiln.gdal.global.gdal.OSRImportFromEPSG;
import static dev.kiln.gdal.global.gdal.OSRNewSpatialReference;
import static dev.kiln.gdal.global.gdal.OSRRelease;
import static dev.kiln.gdal.global.gdal.OSRSetFromUserInput;

import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.gdal.Gdal;
import dev.kiln.gdal.OGRSpatialReferenceH;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** Writes small GeoTIFFs for tests. */
public final class GeoTiffs {
  /** What a pixel holds. */
  public interface Pixels {
    /**
     * @param band from 0
     */
    double at(int band, int x, int y);
  }

  private int width = 600;
  private int height = 520;
  private int bands = 4;
  private String type = "uint8";
  private int epsg = 32614;
  private String projection;
  private double[] geotransform = {500_000, 1, 0, 5_200_000, 0, -1};
  private Pixels pixels = noise(1);
  private Double nodata;
  private final List<String> options =
      new ArrayList<>(
          List.of(
              "TILED=YES",
              "BLOCKXSIZE=512",
              "BLOCKYSIZE=512",
              "COMPRESS=DEFLATE",
              "INTERLEAVE=PIXEL"));

  /** Like a NAIP scene, but small: 4 bands of uint8, 1 m, UTM. */
  public static GeoTiffs naip() {
    return new GeoTiffs();
  }

  public GeoTiffs size(int columns, int rows) {
    width = columns;
    height = rows;
    return this;
  }

  public GeoTiffs bands(int count) {
    bands = count;
    return this;
  }

  /** {@code uint8}, {@code uint16}, {@code int16}, {@code float32} or {@code float64}. */
  public GeoTiffs type(String pixelType) {
    type = pixelType;
    return this;
  }

  /** 0 for none. */
  public GeoTiffs epsg(int code) {
    epsg = code;
    return this;
  }

  public GeoTiffs geotransform(double... coefficients) {
    geotransform = coefficients;
    return this;
  }

  /** A projection as PROJ or WKT text names it, instead of an EPSG code. */
  public GeoTiffs projection(String text) {
    projection = text;
    return this;
  }

  /** Fills the file with noise from 64 to 127. */
  public GeoTiffs seed(long number) {
    pixels = noise(number);
    return this;
  }

  public GeoTiffs pixels(Pixels values) {
    pixels = values;
    return this;
  }

  /** The value that the file names as no data. */
  public GeoTiffs nodata(double value) {
    nodata = value;
    return this;
  }

  private static Pixels noise(long seed) {
    Random random = new Random(seed);
    return (band, x, y) -> 64 + random.nextInt(64);
  }

  public GeoTiffs option(String creationOption) {
    options.removeIf(o -> o.startsWith(creationOption.split("=")[0] + "="));
    options.add(creationOption);
    return this;
  }

  /** Writes the file, and the folders above it. */
  public Path write(Path file) throws IOException {
    Gdal.load();
    Files.createDirectories(file.toAbsolutePath().getParent());
    BytePointer[] texts = new BytePointer[options.size() + 1];
    for (int i = 0; i < options.size(); i++) {
      texts[i] = new BytePointer(options.get(i));
    }
    GDALDatasetH dataset =
        GDALCreate(
            GDALGetDriverByName("GTiff"),
            file.toString(),
            width,
            height,
            bands,
            gdalType(),
            new PointerPointer<>(texts));
    check(dataset != null, file);
    try {
      if (geotransform != null) {
        check(GDALSetGeoTransform(dataset, geotransform) == CE_None, file);
      }
      if (epsg != 0 || projection != null) {
        OGRSpatialReferenceH reference = OSRNewSpatialReference("");
        int imported =
            projection == null
                ? OSRImportFromEPSG(reference, epsg)
                : OSRSetFromUserInput(reference, projection);
        check(imported == 0, file);
        check(GDALSetSpatialRef(dataset, reference) == CE_None, file);
        OSRRelease(reference);
      }
      for (int band = 1; band <= bands && nodata != null; band++) {
        check(GDALSetRasterNoDataValue(GDALGetRasterBand(dataset, band), nodata) == CE_None, file);
      }
      writePixels(dataset, file);
    } finally {
      GDALClose(dataset);
    }
    return file;
  }

  private void writePixels(GDALDatasetH dataset, Path file) throws IOException {
    // Floats hold every value of the integer types: GDAL converts.
    float[] values = new float[width * height * bands];
    for (int i = 0; i < values.length; i++) {
      int pixel = i / bands;
      values[i] = (float) pixels.at(i % bands, pixel % width, pixel / width);
    }
    try (Pointer data = new FloatPointer(values)) {
      int result =
          GDALDatasetRasterIOEx(
              dataset,
              GF_Write,
              0,
              0,
              width,
              height,
              data,
              width,
              height,
              GDT_Float32,
              bands,
              (int[]) null,
              4L * bands,
              4L * width * bands,
              4,
              null);
      check(result == CE_None, file);
    }
  }

  private int gdalType() {
    return switch (type) {
      case "uint8" -> GDT_Byte;
      case "uint16" -> GDT_UInt16;
      case "int16" -> GDT_Int16;
      case "float32" -> GDT_Float32;
      case "float64" -> GDT_Float64;
      default -> throw new IllegalArgumentException(type);
    };
  }

  private static void check(boolean done, Path file) throws IOException {
    if (!done) {
      throw new IOException(file + ": " + CPLGetLastErrorMsg());
    }
  }
}
