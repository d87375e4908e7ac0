package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorMsg;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALGetBlockSize;
import static dev.kiln.gdal.global.gdal.GDALGetGeoTransform;
import static dev.kiln.gdal.global.gdal.GDALGetMetadataItem;
import static dev.kiln.gdal.global.gdal.GDALGetProjectionRef;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterCount;
import static dev.kiln.gdal.global.gdal.GDALGetRasterDataType;
import static dev.kiln.gdal.global.gdal.GDALGetRasterNoDataValue;
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
import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.tiles.UnsupportedTiffException;
import dev.kiln.type.PixelType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GeoTIFF in host memory. GDAL reads its metadata; Kiln's native decoder decodes the tiles of the
 * formats that it supports, and GDAL those of all others. The bytes are borrowed and must outlive
 * this object. Not thread-safe; tiles are decoded on several threads.
 */
public final class CogFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CogFile.class);
  private static final int OPEN_FLAGS = 0x02 | 0x40; // GDAL_OF_RASTER | GDAL_OF_VERBOSE_ERROR
  private static final AtomicLong SERIAL = new AtomicLong();

  /** Reasons for decoding with GDAL that have been logged; each is logged once per process. */
  private static final Set<String> REASONS_FOR_GDAL = ConcurrentHashMap.newKeySet();

  private final String key;
  private final String memoryFile;
  private final int width;
  private final int height;
  private final int bands;
  private final PixelType type;
  private final int tileWidth;
  private final int tileHeight;
  private final boolean interleaved;
  private final double[] geotransform;
  private final int threads;
  private final Optional<NativeTiles> nativeTiles;
  private GDALDatasetH dataset;

  /**
   * Opens a file.
   *
   * @param key object key, for messages
   * @param bytes the whole object, borrowed
   * @param threads number of threads that decode tiles
   * @return the open file, owned by the caller
   * @throws SceneException permanent if the object is not a GeoTIFF that Kiln supports
   */
  public static CogFile open(String key, HostBuffer bytes, int threads) throws SceneException {
    return open(key, bytes, threads, TileDecoder.NATIVE);
  }

  /**
   * Opens a file with a given decoder.
   *
   * @param key object key, for messages
   * @param bytes the whole object, borrowed
   * @param threads number of threads that decode tiles
   * @param wanted preferred decoder; GDAL decodes formats that the native decoder does not support
   * @return the open file, owned by the caller
   * @throws SceneException permanent if the object is not a GeoTIFF that Kiln supports
   */
  public static CogFile open(String key, HostBuffer bytes, int threads, TileDecoder wanted)
      throws SceneException {
    GdalLibrary.require();
    String memoryFile = "/vsimem/kiln/" + SERIAL.incrementAndGet() + ".tif";
    Pointer mapped = VSIFileFromMemBuffer(memoryFile, bytes.pointer(), bytes.size(), 0);
    if (mapped == null) {
      throw new IllegalStateException(key + ": GDAL cannot open memory as a file: " + lastError());
    }
    VSIFCloseL(mapped);
    GDALDatasetH dataset = null;
    try {
      dataset = openDataset(memoryFile, threads);
      if (dataset == null) {
        throw SceneException.permanent(
            key, "not a GeoTIFF: " + lastError().replace(memoryFile, key));
      }
      return new CogFile(key, memoryFile, dataset, bytes, threads, wanted);
    } catch (RuntimeException | Error e) {
      if (dataset != null) {
        GDALClose(dataset);
      }
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

  private CogFile(
      String key,
      String memoryFile,
      GDALDatasetH dataset,
      HostBuffer bytes,
      int threads,
      TileDecoder wanted)
      throws SceneException {
    this.key = key;
    this.memoryFile = memoryFile;
    this.dataset = dataset;
    this.width = GDALGetRasterXSize(dataset);
    this.height = GDALGetRasterYSize(dataset);
    this.bands = GDALGetRasterCount(dataset);
    if (bands < 1) {
      throw SceneException.permanent(key, "expected at least 1 band, found none");
    }
    GDALRasterBandH first = GDALGetRasterBand(dataset, 1);
    this.type = pixelType(key, GDALGetRasterDataType(first));
    int[] columns = new int[1];
    int[] rows = new int[1];
    GDALGetBlockSize(first, columns, rows);
    this.tileWidth = columns[0];
    this.tileHeight = rows[0];
    this.interleaved = bands > 1 && "PIXEL".equals(interleave(dataset));
    this.geotransform = new double[6];
    if (GDALGetGeoTransform(dataset, geotransform) != CE_None) {
      throw SceneException.permanent(key, "no geotransform: the file has no georeferencing");
    }
    if (geotransform[2] != 0 || geotransform[4] != 0) {
      throw SceneException.permanent(
          key, "expected an unrotated grid, found a rotated geotransform");
    }
    this.threads = threads;
    this.nativeTiles = wanted == TileDecoder.NATIVE ? nativeTiles(bytes) : Optional.empty();
  }

  private Optional<NativeTiles> nativeTiles(HostBuffer bytes) {
    try {
      return Optional.of(NativeTiles.of(this, bytes));
    } catch (UnsupportedTiffException e) {
      if (REASONS_FOR_GDAL.add(e.getMessage())) {
        log.info("GDAL decodes files of this format: object={} reason=\"{}\"", key, e.getMessage());
      }
      return Optional.empty();
    }
  }

  private static String interleave(GDALDatasetH dataset) {
    return GDALGetMetadataItem(dataset, "INTERLEAVE", "IMAGE_STRUCTURE");
  }

  private static PixelType pixelType(String key, int type) throws SceneException {
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
        key, "expected pixels of type uint8, uint16, int16 or float32, found GDAL type " + type);
  }

  static int gdalType(PixelType type) {
    return switch (type) {
      case UINT8 -> GDT_Byte;
      case UINT16 -> GDT_UInt16;
      case INT16 -> GDT_Int16;
      case FLOAT32 -> GDT_Float32;
    };
  }

  /** Returns GDAL's last error message on this thread. */
  static String lastError() {
    String message = CPLGetLastErrorMsg();
    return message == null || message.isEmpty() ? "GDAL reports no reason" : message;
  }

  /** Returns GDAL's last error message with the object key in place of the memory file's name. */
  String gdalError() {
    return lastError().replace(memoryFile, key);
  }

  GDALDatasetH dataset() {
    if (dataset == null) {
      throw new IllegalStateException(key + ": used after close");
    }
    return dataset;
  }

  /** Returns the object key. */
  public String objectKey() {
    return key;
  }

  /** Returns the width in pixels. */
  public int width() {
    return width;
  }

  /** Returns the height in pixels. */
  public int height() {
    return height;
  }

  /** Returns the number of bands. */
  public int bands() {
    return bands;
  }

  /** Returns the pixel type of all bands. */
  public PixelType type() {
    return type;
  }

  /** Returns the height of a tile in pixels. */
  public int tileHeight() {
    return tileHeight;
  }

  /** Returns the width of a tile in pixels. */
  int tileWidth() {
    return tileWidth;
  }

  /** Returns the number of threads that decode tiles. */
  int threads() {
    return threads;
  }

  /** Returns whether bands are interleaved by pixel, in the file and in what is read. */
  public boolean interleaved() {
    return interleaved;
  }

  /** Returns which decoder reads the tiles. */
  public TileDecoder decoder() {
    return nativeTiles.isPresent() ? TileDecoder.NATIVE : TileDecoder.GDAL;
  }

  /** Returns the native decoder's view; empty if GDAL decodes the tiles. */
  Optional<NativeTiles> nativeTiles() {
    dataset(); // used after close?
    return nativeTiles;
  }

  /** Returns the easting in metres, {@code x} pixels from the left edge. */
  double easting(double x) {
    return geotransform[0] + x * geotransform[1];
  }

  /** Returns the northing in metres, {@code y} pixels from the upper edge. */
  double northing(double y) {
    return geotransform[3] + y * geotransform[5];
  }

  /** Returns a new transformation from the file's CRS to WGS84, owned by the caller. */
  Crs toLonLat() throws SceneException {
    return Crs.toLonLat(key, GDALGetSpatialRef(dataset()));
  }

  /** Returns the area that the file covers. */
  public GeoExtent extent() {
    return new GeoExtent(
        GDALGetProjectionRef(dataset()),
        easting(0),
        northing(0),
        easting(width),
        northing(height),
        Math.abs(geotransform[1]));
  }

  /**
   * Returns the declared nodata value of a band.
   *
   * @param band band number, from 1
   */
  public OptionalDouble nodata(int band) {
    int[] known = new int[1];
    double value = GDALGetRasterNoDataValue(GDALGetRasterBand(dataset(), band), known);
    return known[0] == 0 ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /**
   * Reads a window in the file's own pixel type.
   *
   * @param numbers band numbers, from 1
   * @param into receives pixel (i, j) of band k at byte {@code offset + k·bandStride + j·lineStride
   *     + i·pixelStride}
   * @throws SceneException permanent if a tile cannot be decoded
   */
  void read(int[] numbers, int x, int y, int w, int h, HostBuffer into, BandLayout layout)
      throws SceneException {
    TiledTiff.Window window = new TiledTiff.Window(x, y, w, h);
    TileRead.all(List.of(new TileRead(this, numbers, window, into, layout)), threads);
  }

  /**
   * Layout of the pixels that a read writes.
   *
   * @param offset byte of the first pixel of the first band
   * @param pixelStride bytes between pixels of a line
   * @param lineStride bytes between lines
   * @param bandStride bytes between bands
   */
  record BandLayout(long offset, long pixelStride, long lineStride, long bandStride) {}

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
