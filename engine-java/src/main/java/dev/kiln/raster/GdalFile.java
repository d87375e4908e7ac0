package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorMsg;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALGetBlockSize;
import static dev.kiln.gdal.global.gdal.GDALGetDataTypeName;
import static dev.kiln.gdal.global.gdal.GDALGetGCPCount;
import static dev.kiln.gdal.global.gdal.GDALGetGeoTransform;
import static dev.kiln.gdal.global.gdal.GDALGetMetadataItem;
import static dev.kiln.gdal.global.gdal.GDALGetProjectionRef;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterCount;
import static dev.kiln.gdal.global.gdal.GDALGetRasterDataType;
import static dev.kiln.gdal.global.gdal.GDALGetRasterNoDataValue;
import static dev.kiln.gdal.global.gdal.GDALGetRasterOffset;
import static dev.kiln.gdal.global.gdal.GDALGetRasterScale;
import static dev.kiln.gdal.global.gdal.GDALGetRasterXSize;
import static dev.kiln.gdal.global.gdal.GDALGetRasterYSize;
import static dev.kiln.gdal.global.gdal.GDALGetSpatialRef;
import static dev.kiln.gdal.global.gdal.GDALOpenEx;
import static dev.kiln.gdal.global.gdal.GDT_Byte;
import static dev.kiln.gdal.global.gdal.GDT_Float32;
import static dev.kiln.gdal.global.gdal.GDT_Int16;
import static dev.kiln.gdal.global.gdal.GDT_UInt16;
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
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
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

  private final String key;
  private final String memoryFile;
  private GDALDatasetH dataset;

  private GdalFile(String key, String memoryFile, GDALDatasetH dataset) {
    this.key = key;
    this.memoryFile = memoryFile;
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
        throw SceneException.permanent(
            key, "not a GeoTIFF: " + lastError().replace(memoryFile, key));
      }
      return new GdalFile(key, memoryFile, dataset);
    } catch (RuntimeException | Error e) {
      VSIUnlink(memoryFile);
      throw e;
    }
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
    return lastError().replace(memoryFile, key);
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
   * Returns the affine transformation from pixels to coordinates, as stored.
   *
   * @throws SceneException permanent if there is none
   */
  double[] geotransform() throws SceneException {
    double[] stored = new double[6];
    if (GDALGetGeoTransform(dataset(), stored) != CE_None) {
      throw SceneException.permanent(key, withoutGeotransform());
    }
    return stored;
  }

  private String withoutGeotransform() {
    int points = GDALGetGCPCount(dataset());
    if (points > 0) {
      return "expected a geotransform, found %d ground control points: rectify the file with gdalwarp"
          .formatted(points);
    }
    if (GDALGetMetadataItem(dataset(), "LINE_OFF", "RPC") != null) {
      return "expected a geotransform, found rational polynomial coefficients: rectify the file"
          + " with gdalwarp -rpc";
    }
    return "expected a geotransform, found none: georeference the file, for example with"
        + " gdal_translate -a_ullr -a_srs";
  }

  /** Returns the coordinate reference system as WKT; empty if the file has none. */
  String crs() {
    return GDALGetProjectionRef(dataset());
  }

  /** Returns the coordinate reference system, borrowed; null if the file has none. */
  OGRSpatialReferenceH spatialReference() {
    return GDALGetSpatialRef(dataset());
  }

  /** Returns the declared nodata value of a band, counted from 1. */
  OptionalDouble nodata(int band) {
    int[] known = new int[1];
    double value = GDALGetRasterNoDataValue(band(band), known);
    return known[0] == 0 ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /**
   * Returns the declared scale and offset of a band; empty if values are stored as they are, or the
   * declaration is meaningless: a scale of 0 or NaN.
   */
  Optional<double[]> scaleAndOffset(int band) {
    int[] known = new int[1];
    double scale = GDALGetRasterScale(band(band), known);
    double factor = known[0] == 0 ? 1 : scale;
    double offset = GDALGetRasterOffset(band(band), known);
    double summand = known[0] == 0 ? 0 : offset;
    boolean meaningless = factor == 0 || !Double.isFinite(factor) || !Double.isFinite(summand);
    return factor == 1 && summand == 0 || meaningless
        ? Optional.empty()
        : Optional.of(new double[] {factor, summand});
  }

  /** Closes the file. Idempotent. */
  @Override
  public void close() {
    if (dataset != null) {
      GDALClose(dataset);
      dataset = null;
      VSIUnlink(memoryFile);
    }
  }
}
