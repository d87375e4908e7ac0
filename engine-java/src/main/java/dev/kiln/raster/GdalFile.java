package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorMsg;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALGetBlockSize;
import static dev.kiln.gdal.global.gdal.GDALGetColorInterpretationName;
import static dev.kiln.gdal.global.gdal.GDALGetDataTypeName;
import static dev.kiln.gdal.global.gdal.GDALGetDescription;
import static dev.kiln.gdal.global.gdal.GDALGetGCPCount;
import static dev.kiln.gdal.global.gdal.GDALGetGeoTransform;
import static dev.kiln.gdal.global.gdal.GDALGetMetadataItem;
import static dev.kiln.gdal.global.gdal.GDALGetProjectionRef;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterColorInterpretation;
import static dev.kiln.gdal.global.gdal.GDALGetRasterCount;
import static dev.kiln.gdal.global.gdal.GDALGetRasterDataType;
import static dev.kiln.gdal.global.gdal.GDALGetRasterNoDataValue;
import static dev.kiln.gdal.global.gdal.GDALGetRasterOffset;
import static dev.kiln.gdal.global.gdal.GDALGetRasterScale;
import static dev.kiln.gdal.global.gdal.GDALGetRasterUnitType;
import static dev.kiln.gdal.global.gdal.GDALGetRasterXSize;
import static dev.kiln.gdal.global.gdal.GDALGetRasterYSize;
import static dev.kiln.gdal.global.gdal.GDALGetSpatialRef;
import static dev.kiln.gdal.global.gdal.GDALOpenEx;
import static dev.kiln.gdal.global.gdal.GDT_Byte;
import static dev.kiln.gdal.global.gdal.GDT_Float32;
import static dev.kiln.gdal.global.gdal.GDT_Int16;
import static dev.kiln.gdal.global.gdal.GDT_UInt16;
import static dev.kiln.gdal.global.gdal.OSRRelease;
import static dev.kiln.gdal.global.gdal.VSIFCloseL;
import static dev.kiln.gdal.global.gdal.VSIFileFromMemBuffer;
import static dev.kiln.gdal.global.gdal.VSIUnlink;

import dev.kiln.error.SceneException;
import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.gdal.GDALRasterBandH;
import dev.kiln.gdal.OGRSpatialReferenceH;
import dev.kiln.memory.HostBuffer;
import dev.kiln.type.PixelType;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * GDAL's view of a GeoTIFF in host memory: what its metadata say. Borrows the bytes, which must
 * outlive this object. Not thread-safe.
 */
final class GdalFile implements AutoCloseable {
  private static final int OPEN_FLAGS = 0x02 | 0x40; // GDAL_OF_RASTER | GDAL_OF_VERBOSE_ERROR
  private static final AtomicLong SERIAL = new AtomicLong();
  private static final Pattern MISSING_CODEC = Pattern.compile("missing codec (?:of code )?(\\w+)");

  /** Compressions that libraries of distributions often lack, by their name or code in GDAL. */
  private static final Map<String, String> CODECS =
      Map.of(
          "JXL", "JPEG XL",
          "52546", "JPEG XL",
          "JP2000", "JPEG 2000",
          "34712", "JPEG 2000",
          "WEBP", "WebP");

  private final String key;
  private final String memoryFile;
  private final HostBuffer bytes;
  private GDALDatasetH dataset;

  /** Reference system that is used if the file has none, owned; null without one. */
  private OGRSpatialReferenceH assumed;

  private String assumedWkt = "";

  private GdalFile(String key, String memoryFile, HostBuffer bytes, GDALDatasetH dataset) {
    this.key = key;
    this.memoryFile = memoryFile;
    this.bytes = bytes;
    this.dataset = dataset;
  }

  /**
   * Opens a file.
   *
   * @param key object key, for messages
   * @param bytes the whole object, borrowed
   * @param threads threads with which GDAL decodes tiles
   * @throws SceneException permanent if GDAL cannot open it as a GeoTIFF
   */
  static GdalFile open(String key, HostBuffer bytes, int threads) throws SceneException {
    GdalLibrary.require();
    String memoryFile = "/vsimem/kiln/" + SERIAL.incrementAndGet() + ".tif";
    Pointer mapped = VSIFileFromMemBuffer(memoryFile, bytes.pointer(), bytes.size(), 0);
    if (mapped == null) {
      throw new IllegalStateException(key + ": GDAL cannot open memory as a file: " + lastError());
    }
    VSIFCloseL(mapped);
    try {
      GDALDatasetH dataset = openDataset(memoryFile, threads);
      if (dataset == null) {
        throw SceneException.permanent(key, notOpened(lastError().replace(memoryFile, key)));
      }
      return new GdalFile(key, memoryFile, bytes, dataset);
    } catch (RuntimeException | Error e) {
      VSIUnlink(memoryFile);
      throw e;
    }
  }

  /** Returns why a file cannot be opened. */
  private static String notOpened(String error) {
    Matcher codec = MISSING_CODEC.matcher(error);
    return codec.find()
        ? "expected a compression that the installed GDAL decodes, found %s: convert the file, for example with gdal_translate -co COMPRESS=ZSTD"
            .formatted(CODECS.getOrDefault(codec.group(1), "compression " + codec.group(1)))
        : "not a GeoTIFF: " + error;
  }

  private static GDALDatasetH openDataset(String file, int threads) {
    CPLErrorReset();
    try (PointerPointer<BytePointer> drivers = strings("GTiff");
        PointerPointer<BytePointer> options = strings("NUM_THREADS=" + threads)) {
      return GDALOpenEx(file, OPEN_FLAGS, drivers, options, null);
    }
  }

  private static PointerPointer<BytePointer> strings(String text) {
    return new PointerPointer<>(new BytePointer(text), null);
  }

  /** Returns GDAL's last error message on this thread. */
  static String lastError() {
    String message = CPLGetLastErrorMsg();
    return message == null || message.isEmpty() ? "GDAL reports no reason" : message;
  }

  /** Returns GDAL's last error message with the object key in place of the memory file's name. */
  String error() {
    return named(lastError());
  }

  /** Returns a message of GDAL with the object key in place of the memory file's name. */
  String named(String message) {
    return message.replace(memoryFile, key);
  }

  /** Returns another view of the same file, which decodes on one thread; owned by the caller. */
  GdalFile reopened() throws SceneException {
    return open(key, bytes, 1);
  }

  /** Returns the open dataset. */
  GDALDatasetH dataset() {
    if (dataset == null) {
      throw new IllegalStateException(key + ": used after close");
    }
    return dataset;
  }

  /** Returns the object key. */
  String objectKey() {
    return key;
  }

  int width() {
    return GDALGetRasterXSize(dataset());
  }

  int height() {
    return GDALGetRasterYSize(dataset());
  }

  int bands() {
    return GDALGetRasterCount(dataset());
  }

  /** Returns a band, counted from 1. */
  GDALRasterBandH band(int number) {
    return GDALGetRasterBand(dataset(), number);
  }

  /** Returns width and height of a tile in pixels. */
  int[] tileSize() {
    int[] columns = new int[1];
    int[] rows = new int[1];
    GDALGetBlockSize(band(1), columns, rows);
    return new int[] {columns[0], rows[0]};
  }

  /** Returns whether several bands are interleaved by pixel. */
  boolean interleaved() {
    return bands() > 1
        && "PIXEL".equals(GDALGetMetadataItem(dataset(), "INTERLEAVE", "IMAGE_STRUCTURE"));
  }

  /**
   * Returns the pixel type.
   *
   * @throws SceneException permanent if Kiln does not support it
   */
  PixelType pixelType() throws SceneException {
    int type = GDALGetRasterDataType(band(1));
    if (type == GDT_Byte) {
      return PixelType.UINT8;
    } else if (type == GDT_UInt16) {
      return PixelType.UINT16;
    } else if (type == GDT_Int16) {
      return PixelType.INT16;
    } else if (type == GDT_Float32) {
      return PixelType.FLOAT32;
    }
    throw SceneException.permanent(
        key,
        "expected pixels of type uint8, uint16, int16 or float32, found %s: convert the file with"
                .formatted(GDALGetDataTypeName(type).toLowerCase(Locale.ROOT))
            + " gdal_translate -ot Float32");
  }

  /** Returns GDAL's code of a pixel type. */
  static int gdalType(PixelType type) {
    return switch (type) {
      case UINT8 -> GDT_Byte;
      case UINT16 -> GDT_UInt16;
      case INT16 -> GDT_Int16;
      case FLOAT32 -> GDT_Float32;
    };
  }

  /**
   * Returns the affine transformation from pixels to coordinates, as stored; empty if there is
   * none. Some programs write pixel coordinates for none: an origin of 0, 0 and pixels of 1.
   */
  Optional<double[]> geotransform() {
    double[] stored = new double[6];
    return GDALGetGeoTransform(dataset(), stored) == CE_None && !isOfPixels(stored)
        ? Optional.of(stored)
        : Optional.empty();
  }

  private static boolean isOfPixels(double[] stored) {
    return stored[0] == 0
        && stored[1] == 1
        && stored[2] == 0
        && stored[3] == 0
        && stored[4] == 0
        && Math.abs(stored[5]) == 1;
  }

  /**
   * Returns the error of a file without a geotransform.
   *
   * @param beside what files beside it state
   */
  SceneException withoutGeotransform(ImageSidecar beside) {
    return SceneException.permanent(key, reasonWithoutGeotransform(beside));
  }

  private String reasonWithoutGeotransform(ImageSidecar beside) {
    int points = GDALGetGCPCount(dataset());
    if (points > 0) {
      return "expected a geotransform, found %d ground control points: rectify the file with gdalwarp"
          .formatted(points);
    }
    if (beside.controlPoints()) {
      return "expected a geotransform, found ground control points in %s: rectify the file with gdalwarp"
          .formatted(beside.name());
    }
    if (GDALGetMetadataItem(dataset(), "LINE_OFF", "RPC") != null) {
      return "expected a geotransform, found rational polynomial coefficients: rectify the file"
          + " with gdalwarp -rpc";
    }
    Optional<String> worldFile = beside.worldFile().get();
    return worldFile.isPresent()
        ? "expected a geotransform in the file, found only %s beside it: write both into one file with gdal_translate -a_srs"
            .formatted(worldFile.get())
        : "expected a geotransform, found none: georeference the file, for example with"
            + " gdal_translate -a_ullr -a_srs";
  }

  /**
   * Sets the coordinate reference system that is used if the file has none.
   *
   * @param wkt the system
   * @param reference the same, owned by this object from now on
   */
  void assume(String wkt, OGRSpatialReferenceH reference) {
    assumedWkt = wkt;
    assumed = reference;
  }

  /** Returns whether the file itself has a coordinate reference system. */
  boolean hasCrs() {
    return GDALGetSpatialRef(dataset()) != null;
  }

  /** Returns the coordinate reference system as WKT; empty if there is none. */
  String crs() {
    return hasCrs() ? GDALGetProjectionRef(dataset()) : assumedWkt;
  }

  /** Returns the coordinate reference system, borrowed; null if there is none. */
  OGRSpatialReferenceH spatialReference() {
    return hasCrs() ? GDALGetSpatialRef(dataset()) : assumed;
  }

  /** Returns whether pixels have no data where all bands have certain values. */
  boolean hasNodataOfPixels() {
    return GDALGetMetadataItem(dataset(), "NODATA_VALUES", "") != null;
  }

  /** Returns the declared nodata value of a band, counted from 1. */
  OptionalDouble nodata(int band) {
    int[] known = new int[1];
    double value = GDALGetRasterNoDataValue(band(band), known);
    return known[0] == 0 ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /** Returns the declared scale of a band, counted from 1. */
  OptionalDouble scale(int band) {
    int[] known = new int[1];
    double value = GDALGetRasterScale(band(band), known);
    return known[0] == 0 ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /** Returns the declared offset of a band, counted from 1. */
  OptionalDouble offset(int band) {
    int[] known = new int[1];
    double value = GDALGetRasterOffset(band(band), known);
    return known[0] == 0 ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /** Returns the declared unit of a band, counted from 1; empty if there is none. */
  String unit(int band) {
    return GDALGetRasterUnitType(band(band));
  }

  /** Returns the colour interpretation of a band, counted from 1. */
  String colour(int band) {
    return GDALGetColorInterpretationName(GDALGetRasterColorInterpretation(band(band)));
  }

  /** Returns the description of a band, counted from 1; empty if there is none. */
  String description(int band) {
    return GDALGetDescription(band(band));
  }

  /** Closes the file. Idempotent. */
  @Override
  public void close() {
    if (dataset != null) {
      GDALClose(dataset);
      dataset = null;
      VSIUnlink(memoryFile);
      if (assumed != null) {
        OSRRelease(assumed);
        assumed = null;
      }
    }
  }
}
