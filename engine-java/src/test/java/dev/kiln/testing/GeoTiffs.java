package dev.kiln.testing;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorMsg;
import static dev.kiln.gdal.global.gdal.CPLSetThreadLocalConfigOption;
import static dev.kiln.gdal.global.gdal.GCI_AlphaBand;
import static dev.kiln.gdal.global.gdal.GDALBuildOverviews;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALCreate;
import static dev.kiln.gdal.global.gdal.GDALCreateDatasetMaskBand;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDALGetColorInterpretationByName;
import static dev.kiln.gdal.global.gdal.GDALGetDriverByName;
import static dev.kiln.gdal.global.gdal.GDALGetMaskBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDALSetDescription;
import static dev.kiln.gdal.global.gdal.GDALSetGeoTransform;
import static dev.kiln.gdal.global.gdal.GDALSetMetadataItem;
import static dev.kiln.gdal.global.gdal.GDALSetRasterColorInterpretation;
import static dev.kiln.gdal.global.gdal.GDALSetRasterNoDataValue;
import static dev.kiln.gdal.global.gdal.GDALSetRasterOffset;
import static dev.kiln.gdal.global.gdal.GDALSetRasterScale;
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
import dev.kiln.gdal.GDALRasterBandH;
import dev.kiln.gdal.Gdal;
import dev.kiln.gdal.OGRSpatialReferenceH;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** Writes small GeoTIFFs for tests. */
public final class GeoTiffs {
  /** The value of a pixel. */
  public interface Pixels {
    /**
     * @param band from 0
     */
    double at(int band, int x, int y);
  }

  /** Whether a pixel has no data. */
  public interface Mask {
    /** Returns whether the pixel is masked. */
    boolean at(int x, int y);
  }

  private static final int PER_DATASET = 2; // GMF_PER_DATASET

  private int width = 600;
  private int height = 520;
  private int bands = 4;
  private String type = "uint8";
  private int epsg = 32614;
  private String projection;
  private double[] geotransform = {500_000, 1, 0, 5_200_000, 0, -1};
  private long seed = 1;
  private boolean wide;
  private Pixels pixels;
  private Double nodata;
  private double[] scale;
  private final Map<Integer, double[]> bandScales = new TreeMap<>();
  private int alpha;
  private boolean overviews;
  private Mask mask;
  private String[] names = {};
  private String[] colours = {};
  private String datetime;
  private int[] hole = {0, 0, 0, 0};
  private int[] written;
  private final List<String> options =
      new ArrayList<>(
          List.of(
              "TILED=YES",
              "BLOCKXSIZE=512",
              "BLOCKYSIZE=512",
              "COMPRESS=DEFLATE",
              "INTERLEAVE=PIXEL"));

  /** Returns a small scene like NAIP: 4 bands of uint8, 1 m, UTM. */
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

  /**
   * Sets the type: {@code uint8}, {@code uint16}, {@code int16}, {@code float32} or {@code
   * float64}.
   */
  public GeoTiffs type(String pixelType) {
    type = pixelType;
    return this;
  }

  /** Adds an overview of half the size. */
  public GeoTiffs overviews() {
    overviews = true;
    return this;
  }

  public GeoTiffs epsg(int code) {
    epsg = code;
    return this;
  }

  public GeoTiffs geotransform(double... coefficients) {
    geotransform = coefficients;
    return this;
  }

  public GeoTiffs seed(long number) {
    seed = number;
    return this;
  }

  /** Sets the projection as PROJ or WKT text, instead of an EPSG code. */
  public GeoTiffs projection(String text) {
    projection = text;
    return this;
  }

  /** Sets the values, instead of random ones. */
  public GeoTiffs pixels(Pixels values) {
    pixels = values;
    return this;
  }

  /** Uses values over the whole range of the type, not only those of a byte. */
  public GeoTiffs wide() {
    wide = true;
    return this;
  }

  /** Sets the file's nodata value. */
  public GeoTiffs nodata(double value) {
    nodata = value;
    return this;
  }

  /** Sets the scale and offset tags of all bands. */
  public GeoTiffs scale(double factor, double offset) {
    scale = new double[] {factor, offset};
    return this;
  }

  /**
   * Sets the scale and offset tags of one band.
   *
   * @param band from 0
   */
  public GeoTiffs bandScale(int band, double factor, double offset) {
    bandScales.put(band + 1, new double[] {factor, offset});
    return this;
  }

  /**
   * Tags one band, which is not the last, as alpha.
   *
   * @param band from 0
   */
  public GeoTiffs alpha(int band) {
    alpha = band + 1;
    return this;
  }

  /** Sets the description of each band; an empty text for none. */
  public GeoTiffs names(String... descriptions) {
    names = descriptions;
    return this;
  }

  /** Sets the colour interpretation of each band by GDAL's names. */
  public GeoTiffs colours(String... names) {
    colours = names;
    return this;
  }

  /** Sets the field DateTime. */
  public GeoTiffs datetime(String text) {
    datetime = text;
    return this;
  }

  /** Adds an internal mask. */
  public GeoTiffs mask(Mask missing) {
    mask = missing;
    return this;
  }

  /** Only these columns and rows at the upper left are written, for large sparse files. */
  public GeoTiffs written(int columns, int rows) {
    written = new int[] {columns, rows};
    return this;
  }

  /** Sets a rectangle that is not written; with {@code SPARSE_OK=TRUE} its tiles are omitted. */
  public GeoTiffs hole(int x, int y, int columns, int rows) {
    hole = new int[] {x, y, columns, rows};
    return this;
  }

  public GeoTiffs option(String creationOption) {
    options.removeIf(o -> o.startsWith(creationOption.split("=")[0] + "="));
    options.add(creationOption);
    return this;
  }

  /** Writes the file and creates the directories above it. */
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
      if (alpha > 0) {
        GDALRasterBandH band = GDALGetRasterBand(dataset, alpha);
        check(GDALSetRasterColorInterpretation(band, GCI_AlphaBand) == CE_None, file);
      }
      for (int b = 1; b <= colours.length; b++) {
        int colour = GDALGetColorInterpretationByName(colours[b - 1]);
        GDALRasterBandH band = GDALGetRasterBand(dataset, b);
        check(GDALSetRasterColorInterpretation(band, colour) == CE_None, file);
      }
      writePixels(dataset, file);
      writeTags(dataset, file);
      if (overviews) {
        int built =
            GDALBuildOverviews(dataset, "NEAREST", 1, new int[] {2}, 0, (int[]) null, null, null);
        check(built == CE_None, file);
      }
    } finally {
      GDALClose(dataset);
    }
    return file;
  }

  private void writeTags(GDALDatasetH dataset, Path file) throws IOException {
    Map<Integer, double[]> scales = new TreeMap<>();
    for (int b = 1; scale != null && b <= bands; b++) {
      scales.put(b, scale);
    }
    scales.putAll(bandScales);
    for (Map.Entry<Integer, double[]> entry : scales.entrySet()) {
      GDALRasterBandH band = GDALGetRasterBand(dataset, entry.getKey());
      check(GDALSetRasterScale(band, entry.getValue()[0]) == CE_None, file);
      check(GDALSetRasterOffset(band, entry.getValue()[1]) == CE_None, file);
    }
    for (int b = 1; b <= names.length; b++) {
      if (!names[b - 1].isEmpty()) {
        GDALSetDescription(GDALGetRasterBand(dataset, b), names[b - 1]);
      }
    }
    if (datetime != null) {
      check(GDALSetMetadataItem(dataset, "TIFFTAG_DATETIME", datetime, null) == CE_None, file);
    }
    if (mask != null) {
      CPLSetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES");
      check(GDALCreateDatasetMaskBand(dataset, PER_DATASET) == CE_None, file);
      byte[] valid = new byte[width * height];
      for (int i = 0; i < valid.length; i++) {
        valid[i] = (byte) (mask.at(i % width, i / width) ? 0 : 255);
      }
      try (Pointer data = new BytePointer(valid)) {
        int result =
            GDALRasterIOEx(
                GDALGetMaskBand(GDALGetRasterBand(dataset, 1)),
                GF_Write,
                0,
                0,
                width,
                height,
                data,
                width,
                height,
                GDT_Byte,
                1,
                width,
                null);
        check(result == CE_None, file);
      }
      CPLSetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", (String) null);
    }
  }

  private void writePixels(GDALDatasetH dataset, Path file) throws IOException {
    if (nodata != null) {
      check(GDALSetRasterNoDataValue(GDALGetRasterBand(dataset, 1), nodata) == CE_None, file);
    }
    if (written != null) {
      writeCorner(dataset, file);
      return;
    }
    // Random values below 256, whatever the type: GDAL converts.
    boolean own = wide || pixels != null;
    int stored = own ? gdalType() : GDT_Byte;
    int bytes = own ? bytes() : 1;
    byte[] values = pixels != null ? chosenValues() : wide ? wideValues() : byteValues();
    try (Pointer data = new BytePointer(values)) {
      // The rows above the hole, those beside it on either side, and those below.
      int[][] parts = {
        {0, 0, width, hole[1]},
        {0, hole[1], hole[0], hole[3]},
        {hole[0] + hole[2], hole[1], width - hole[0] - hole[2], hole[3]},
        {0, hole[1] + hole[3], width, height - hole[1] - hole[3]}
      };
      for (int[] part : parts) {
        if (part[2] > 0 && part[3] > 0) {
          int result =
              GDALDatasetRasterIOEx(
                  dataset,
                  GF_Write,
                  part[0],
                  part[1],
                  part[2],
                  part[3],
                  data.getPointer(((long) part[1] * width + part[0]) * bands * bytes),
                  part[2],
                  part[3],
                  stored,
                  bands,
                  (int[]) null,
                  (long) bands * bytes,
                  (long) width * bands * bytes,
                  bytes,
                  null);
          check(result == CE_None, file);
        }
      }
    }
  }

  private void writeCorner(GDALDatasetH dataset, Path file) throws IOException {
    byte[] values = new byte[written[0] * written[1] * bands];
    new Random(seed).nextBytes(values);
    try (Pointer data = new BytePointer(values)) {
      int result =
          GDALDatasetRasterIOEx(
              dataset,
              GF_Write,
              0,
              0,
              written[0],
              written[1],
              data,
              written[0],
              written[1],
              GDT_Byte,
              bands,
              (int[]) null,
              bands,
              (long) written[0] * bands,
              1,
              null);
      check(result == CE_None, file);
    }
  }

  private byte[] chosenValues() {
    ByteBuffer values =
        ByteBuffer.allocate(width * height * bands * bytes()).order(ByteOrder.nativeOrder());
    for (int i = 0; values.hasRemaining(); i++) {
      double value = pixels.at(i % bands, i / bands % width, i / bands / width);
      switch (type) {
        case "uint8" -> values.put((byte) (int) value);
        case "uint16", "int16" -> values.putShort((short) (int) value);
        default -> values.putFloat((float) value);
      }
    }
    return values.array();
  }

  private byte[] byteValues() {
    byte[] pixels = new byte[width * height * bands];
    new Random(seed).nextBytes(pixels);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (64 + (pixels[i] & 0x3F));
    }
    return pixels;
  }

  /** Smooth waves, with random bits in every seventh sample: for floats also NaN and infinity. */
  private byte[] wideValues() {
    Random random = new Random(seed);
    ByteBuffer values =
        ByteBuffer.allocate(width * height * bands * bytes()).order(ByteOrder.nativeOrder());
    for (int i = 0; values.hasRemaining(); i++) {
      double wave = Math.sin(i / 31.0) * Math.cos(i / 977.0);
      boolean any = random.nextInt(7) == 0;
      switch (type) {
        case "uint8" -> values.put((byte) (any ? random.nextInt() : 128 + 127 * wave));
        case "uint16", "int16" -> values.putShort((short) (any ? random.nextInt() : 20_000 * wave));
        default ->
            values.putFloat(any ? Float.intBitsToFloat(random.nextInt()) : (float) (1e4 * wave));
      }
    }
    return values.array();
  }

  private int bytes() {
    return switch (type) {
      case "uint8" -> 1;
      case "uint16", "int16" -> 2;
      case "float32" -> 4;
      default -> throw new IllegalArgumentException(type);
    };
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
