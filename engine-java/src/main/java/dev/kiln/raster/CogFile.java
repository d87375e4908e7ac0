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
 * A cloud-optimised GeoTIFF, opened by GDAL in host memory: GDAL says where it lies and what it
 * holds, and Kiln's own decoder reads its tiles if it knows their kind. The bytes are borrowed and
 * must outlive this. For one thread at a time; tiles are decoded on several.
 */
public final class CogFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CogFile.class);
  private static final int OPEN_FLAGS = 0x02 | 0x40; // GDAL_OF_RASTER | GDAL_OF_VERBOSE_ERROR
  private static final AtomicLong SERIAL = new AtomicLong();

  /** Why files went to GDAL, each said once: an archive has a million files of a kind. */
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
   * @param key the object's key, for messages
   * @param bytes the whole object, borrowed
   * @param threads that decode tiles
   * @throws SceneException permanent if it is not a GeoTIFF whose pixels Kiln can take
   */
  public static CogFile open(String key, HostBuffer bytes, int threads) throws SceneException {
    return open(key, bytes, threads, TileDecoder.NATIVE);
  }

  /**
   * Opens a file whose tiles are decoded by the wanted decoder, or by GDAL if that one does not
   * know their kind.
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
            key,
            "a GeoTIFF expected, found something else: " + lastError().replace(memoryFile, key));
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
      throw SceneException.permanent(key, "the file holds no bands");
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
      throw SceneException.permanent(key, "no geotransform: the file does not say where it lies");
    }
    if (geotransform[2] != 0 || geotransform[4] != 0) {
      throw SceneException.permanent(key, "north-up grid expected, found a rotated one");
    }
    this.threads = threads;
    this.nativeTiles = wanted == TileDecoder.NATIVE ? nativeTiles(bytes) : Optional.empty();
  }

  private Optional<NativeTiles> nativeTiles(HostBuffer bytes) {
    try {
      return Optional.of(NativeTiles.of(this, bytes));
    } catch (UnsupportedTiffException e) {
      if (REASONS_FOR_GDAL.add(e.getMessage())) {
        log.info("{}, and others of its kind: decoded by GDAL ({})", key, e.getMessage());
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
        key, "pixels of type uint8, uint16, int16 or float32 expected, found GDAL type " + type);
  }

  static int gdalType(PixelType type) {
    return switch (type) {
      case UINT8 -> GDT_Byte;
      case UINT16 -> GDT_UInt16;
      case INT16 -> GDT_Int16;
      case FLOAT32 -> GDT_Float32;
    };
  }

  /** What GDAL last complained of on this thread. */
  static String lastError() {
    String message = CPLGetLastErrorMsg();
    return message == null || message.isEmpty() ? "GDAL gives no reason" : message;
  }

  /** What GDAL last complained of, with the file under its own name. */
  String gdalError() {
    return lastError().replace(memoryFile, key);
  }

  GDALDatasetH dataset() {
    if (dataset == null) {
      throw new IllegalStateException(key + ": used after close");
    }
    return dataset;
  }

  public String key() {
    return key;
  }

  /** Columns in pixels. */
  public int width() {
    return width;
  }

  /** Rows in pixels. */
  public int height() {
    return height;
  }

  public int bands() {
    return bands;
  }

  public PixelType type() {
    return type;
  }

  /** Height of a row of tiles in pixels. */
  public int tileHeight() {
    return tileHeight;
  }

  /** Width of a tile in pixels. */
  int tileWidth() {
    return tileWidth;
  }

  /** Threads that decode tiles. */
  int threads() {
    return threads;
  }

  /** Whether the bands of a pixel lie together, in the file and in what is read. */
  public boolean interleaved() {
    return interleaved;
  }

  /** What decodes the tiles. */
  public TileDecoder decoder() {
    return nativeTiles.isPresent() ? TileDecoder.NATIVE : TileDecoder.GDAL;
  }

  /** Empty if GDAL decodes the tiles. */
  Optional<NativeTiles> nativeTiles() {
    dataset(); // used after close?
    return nativeTiles;
  }

  /** Easting in metres, {@code x} pixels from the left edge. */
  double easting(double x) {
    return geotransform[0] + x * geotransform[1];
  }

  /** Northing in metres, {@code y} pixels from the upper edge. */
  double northing(double y) {
    return geotransform[3] + y * geotransform[5];
  }

  /** Transformation from this file's grid to WGS84. */
  Crs toLonLat() throws SceneException {
    return Crs.toLonLat(key, GDALGetSpatialRef(dataset()));
  }

  /** Where the file lies. */
  public GeoExtent ground() {
    return new GeoExtent(
        GDALGetProjectionRef(dataset()),
        easting(0),
        northing(0),
        easting(width),
        northing(height),
        Math.abs(geotransform[1]));
  }

  /** The value that the file says stands for no data in a band, numbered from 1. */
  public OptionalDouble nodata(int band) {
    int[] known = new int[1];
    double value = GDALGetRasterNoDataValue(GDALGetRasterBand(dataset(), band), known);
    return known[0] == 0 ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /**
   * Reads a window of some bands in the file's own pixel type.
   *
   * @param numbers of the bands, from 1
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
   * Where the pixels of a read go.
   *
   * @param offset byte of the first pixel of the first band
   * @param pixelStride bytes from pixel to pixel
   * @param lineStride bytes from line to line
   * @param bandStride bytes from band to band
   */
  record BandLayout(long offset, long pixelStride, long lineStride, long bandStride) {}

  /** Closes the file; a second call does nothing. */
  @Override
  public void close() {
    if (dataset != null) {
      GDALClose(dataset);
      dataset = null;
      VSIUnlink(memoryFile);
    }
  }
}
