package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorMsg;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALGetBlockSize;
import static dev.kiln.gdal.global.gdal.GDALGetGeoTransform;
import static dev.kiln.gdal.global.gdal.GDALGetMaskBand;
import static dev.kiln.gdal.global.gdal.GDALGetMaskFlags;
import static dev.kiln.gdal.global.gdal.GDALGetMetadataItem;
import static dev.kiln.gdal.global.gdal.GDALGetProjectionRef;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterColorInterpretation;
import static dev.kiln.gdal.global.gdal.GDALGetRasterCount;
import static dev.kiln.gdal.global.gdal.GDALGetRasterDataType;
import static dev.kiln.gdal.global.gdal.GDALGetRasterNoDataValue;
import static dev.kiln.gdal.global.gdal.GDALGetRasterOffset;
import static dev.kiln.gdal.global.gdal.GDALGetRasterScale;
import static dev.kiln.gdal.global.gdal.GDALGetRasterXSize;
import static dev.kiln.gdal.global.gdal.GDALGetRasterYSize;
import static dev.kiln.gdal.global.gdal.GDALGetSpatialRef;
import static dev.kiln.gdal.global.gdal.GDALOpenEx;
import static dev.kiln.gdal.global.gdal.GDALRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDT_Byte;
import static dev.kiln.gdal.global.gdal.GDT_Float32;
import static dev.kiln.gdal.global.gdal.GDT_Int16;
import static dev.kiln.gdal.global.gdal.GDT_UInt16;
import static dev.kiln.gdal.global.gdal.GF_Read;
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
import java.nio.ByteBuffer;
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
  private static final int SIGNED = 2; // TIFF sample format
  private static final int MASK_PER_DATASET = 0x02; // GMF_PER_DATASET
  private static final int MASK_ALPHA = 0x04; // GMF_ALPHA
  private static final int MASK_NODATA = 0x08; // GMF_NODATA
  private static final int COLOR_ALPHA = 6; // GCI_AlphaBand

  /** Pixel sizes in metres that Kiln accepts. */
  private static final double SMALLEST_PIXEL = 0.001;

  private static final double LARGEST_PIXEL = 100_000;

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
  private final boolean flippedX;
  private final boolean flippedY;
  private final Optional<CogLayout> layout;
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
    this.layout = layout(key, bytes);
    double[] stored = new double[6];
    if (GDALGetGeoTransform(dataset, stored) != CE_None) {
      throw SceneException.permanent(key, "no geotransform: the file has no georeferencing");
    }
    requireSquare(stored);
    this.flippedX = stored[1] < 0;
    this.flippedY = stored[5] > 0;
    this.geotransform = northUp(stored);
    if (layout.isPresent()
        && (layout.get().flippedX() != flippedX || layout.get().flippedY() != flippedY)) {
      throw SceneException.permanent(
          key, "the file's georeferencing tags contradict each other in its orientation");
    }
    this.threads = threads;
    this.nativeTiles = wanted == TileDecoder.NATIVE ? nativeTiles(bytes) : Optional.empty();
  }

  /** Reads the tile layout; empty for files that only GDAL can read. */
  private static Optional<CogLayout> layout(String key, HostBuffer bytes) {
    try {
      return Optional.of(CogLayout.read(key, bytes.size(), bytes::slice));
    } catch (SceneException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      throw new IllegalStateException("reading memory does not wait", e);
    }
  }

  /**
   * Checks that values of the file mean what they say.
   *
   * @throws SceneException permanent for int8, which would be read as uint8, and for inverted
   *     greyscale
   */
  void requireSupported() throws SceneException {
    if (layout.isEmpty()) {
      return;
    }
    if (type == PixelType.UINT8 && layout.get().format() == SIGNED) {
      throw SceneException.permanent(
          key, "expected pixels of type uint8, uint16, int16 or float32, found int8");
    }
    if (layout.get().whiteIsZero()) {
      throw SceneException.permanent(
          key, "expected photometric interpretation MinIsBlack or RGB, found MinIsWhite");
    }
  }

  /**
   * Checks that pixels are axis-aligned squares. A skew of less than a hundredth of a pixel over
   * the whole image is rounding noise.
   */
  private void requireSquare(double[] transform) throws SceneException {
    for (double coefficient : transform) {
      if (!Double.isFinite(coefficient)) {
        throw SceneException.permanent(key, "expected a finite geotransform, found " + coefficient);
      }
    }
    double pixelWidth = Math.abs(transform[1]);
    double pixelHeight = Math.abs(transform[5]);
    double skew = Math.max(Math.abs(transform[2]) * height, Math.abs(transform[4]) * width);
    if (skew > Math.min(pixelWidth, pixelHeight) / 100) {
      throw SceneException.permanent(
          key, "expected an unrotated grid, found a rotated geotransform");
    }
    if (Math.abs(pixelWidth - pixelHeight) > pixelWidth / 100) {
      throw SceneException.permanent(
          key,
          "expected square pixels, found %s × %s m: resample the file"
              .formatted(pixelWidth, pixelHeight));
    }
  }

  /** Returns the geotransform of the same image with its first pixel in the north-west. */
  private double[] northUp(double[] stored) {
    return new double[] {
      flippedX ? stored[0] + width * stored[1] : stored[0],
      Math.abs(stored[1]),
      0,
      flippedY ? stored[3] + height * stored[5] : stored[3],
      0,
      -Math.abs(stored[5])
    };
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
    Crs crs = Crs.toLonLat(key, GDALGetSpatialRef(dataset()));
    if (!(geotransform[1] >= SMALLEST_PIXEL && geotransform[1] <= LARGEST_PIXEL)) {
      crs.close();
      throw SceneException.permanent(
          key,
          "expected pixels of %s to %s m, found %s m"
              .formatted(SMALLEST_PIXEL, LARGEST_PIXEL, geotransform[1]));
    }
    return crs;
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
   * Reads a window of the north-up image in the file's own pixel type.
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

  /**
   * Returns how the file is stored if it is not north-up: {@code south-up}, {@code east-left} or
   * both. Kiln flips such files; coordinates of all methods are those of the north-up image.
   */
  public Optional<String> orientation() {
    if (flippedX && flippedY) {
      return Optional.of("south-up and east-left");
    }
    return flippedY
        ? Optional.of("south-up")
        : flippedX ? Optional.of("east-left") : Optional.empty();
  }

  /** Returns whether pixels are stored from east to west. */
  boolean flippedX() {
    return flippedX;
  }

  /** Returns whether pixels are stored from south to north. */
  boolean flippedY() {
    return flippedY;
  }

  /** Returns the tile layout; empty if only GDAL can read it. */
  Optional<CogLayout> layout() {
    return layout;
  }

  /**
   * Returns the scale and offset that the file declares for a band; empty if values are stored as
   * they are.
   *
   * @param band band number, from 1
   */
  public Optional<double[]> scaleAndOffset(int band) {
    int[] known = new int[1];
    GDALRasterBandH handle = GDALGetRasterBand(dataset(), band);
    double scale = GDALGetRasterScale(handle, known);
    double factor = known[0] == 0 ? 1 : scale;
    double offset = GDALGetRasterOffset(handle, known);
    double summand = known[0] == 0 ? 0 : offset;
    return factor == 1 && summand == 0
        ? Optional.empty()
        : Optional.of(new double[] {factor, summand});
  }

  /**
   * Returns the band that tells which pixels of the others are valid: the internal mask, or an
   * alpha band that is not itself among the bands in use (NAIP files tag near infrared as alpha).
   *
   * @param used band numbers in use, from 1
   */
  private Optional<GDALRasterBandH> validityBand(Set<Integer> used) {
    GDALRasterBandH first = GDALGetRasterBand(dataset(), 1);
    int flags = GDALGetMaskFlags(first);
    if ((flags & MASK_PER_DATASET) != 0 && (flags & (MASK_ALPHA | MASK_NODATA)) == 0) {
      return Optional.of(GDALGetMaskBand(first));
    }
    GDALRasterBandH last = GDALGetRasterBand(dataset(), bands);
    boolean alpha = GDALGetRasterColorInterpretation(last) == COLOR_ALPHA;
    return alpha && !used.contains(bands) ? Optional.of(last) : Optional.empty();
  }

  /** Returns whether a mask or an alpha band limits the bands in use. */
  boolean hasValidityBand(Set<Integer> used) {
    return validityBand(used).isPresent();
  }

  /**
   * Reads a window of the mask or alpha band; 0 means no data.
   *
   * @param used band numbers in use, from 1
   * @param into receives one byte per pixel, row by row
   * @throws SceneException permanent if a tile cannot be decoded
   */
  void readValidity(Set<Integer> used, int x, int y, int w, int h, HostBuffer into)
      throws SceneException {
    CPLErrorReset();
    // Negative strides flip the window.
    long first = (flippedX ? w - 1 : 0) + (flippedY ? (h - 1) * (long) w : 0);
    int result =
        GDALRasterIOEx(
            validityBand(used).orElseThrow(),
            GF_Read,
            flippedX ? width - x - w : x,
            flippedY ? height - y - h : y,
            w,
            h,
            into.pointer().position(first),
            w,
            h,
            GDT_Byte,
            flippedX ? -1 : 1,
            flippedY ? -(long) w : w,
            null);
    if (result != CE_None) {
      throw SceneException.permanent(
          key, "cannot decode the mask of rows %d to %d: %s".formatted(y, y + h - 1, gdalError()));
    }
  }

  /** Returns whether the pixel type can store the declared nodata value of a band. */
  private boolean storesNodata(int band) {
    OptionalDouble value = nodata(band);
    if (value.isEmpty() || type == PixelType.FLOAT32) {
      return value.isPresent();
    }
    double nodata = value.getAsDouble();
    return switch (type) {
      case UINT8 -> nodata >= 0 && nodata <= 0xFF;
      case UINT16 -> nodata >= 0 && nodata <= 0xFFFF;
      default -> nodata >= Short.MIN_VALUE && nodata <= Short.MAX_VALUE;
    };
  }

  /**
   * Marks pixels of tiles that were never written.
   *
   * @param band band number, from 1
   * @param into one byte per pixel of the window, row by row; null to only look
   * @return whether the window has such pixels
   */
  boolean markUnwritten(int band, int x, int y, int w, int h, ByteBuffer into) {
    if (layout.isEmpty()) {
      return false;
    }
    CogLayout tiles = layout.get();
    int left = flippedX ? width - x - w : x;
    int top = flippedY ? height - y - h : y;
    byte mark = storesNodata(band) ? FileValidity.OMITTED : FileValidity.MISSING;
    boolean found = false;
    for (int row = top / tileHeight; row <= (top + h - 1) / tileHeight; row++) {
      for (int column = left / tileWidth; column <= (left + w - 1) / tileWidth; column++) {
        if (tiles.tile(column, row, band).length() == 0) {
          found = true;
          for (int j = Math.max(top, row * tileHeight);
              into != null && j < Math.min(top + h, (row + 1) * tileHeight);
              j++) {
            int line = flippedY ? h - 1 - (j - top) : j - top;
            for (int i = Math.max(left, column * tileWidth);
                i < Math.min(left + w, (column + 1) * tileWidth);
                i++) {
              int at = line * w + (flippedX ? w - 1 - (i - left) : i - left);
              if (into.get(at) == FileValidity.VALID) {
                into.put(at, mark);
              }
            }
          }
        }
      }
    }
    return found;
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
