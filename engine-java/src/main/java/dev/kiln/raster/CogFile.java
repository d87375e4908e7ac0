package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.tiles.UnsupportedTiffException;
import dev.kiln.type.PixelType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GeoTIFF in host memory. GDAL reads its metadata; Kiln's native decoder decodes the tiles of the
 * formats that it supports, and GDAL those of all others. The bytes are borrowed and must outlive
 * this object. Not thread-safe; tiles are decoded on several threads.
 */
public final class CogFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CogFile.class);

  /** Colours that bands of pictures have. */
  public static final Set<String> COLOURS_OF_LIGHT = Set.of("red", "green", "blue");

  /** Pixel sizes in metres that Kiln accepts. */
  private static final double SMALLEST_PIXEL = 0.001;

  private static final double LARGEST_PIXEL = 100_000;

  /** Reasons for decoding with GDAL that have been logged; each is logged once per process. */
  private static final Set<String> REASONS_FOR_GDAL = ConcurrentHashMap.newKeySet();

  private final String key;
  private final GdalFile gdal;
  private final int width;
  private final int height;
  private final int bands;
  private final PixelType type;
  private final int tileWidth;
  private final int tileHeight;
  private final boolean interleaved;
  private final Georeference ground;
  private final Optional<CogLayout> layout;
  private final ImageSidecar beside;
  private final Optional<GdalFile> mask;
  private final int threads;
  private final Optional<NativeTiles> nativeTiles;

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
   * Opens a file with what files beside it state.
   *
   * @param key object key, for messages
   * @param bytes the whole object, borrowed
   * @param beside what files beside it state
   * @param maskBytes the file beside it that masks its pixels, borrowed; empty for none
   * @param threads number of threads that decode tiles
   * @return the open file, owned by the caller
   * @throws SceneException permanent if the object is not a GeoTIFF that Kiln supports, or the
   *     files beside it contradict it
   */
  public static CogFile open(
      String key,
      HostBuffer bytes,
      ImageSidecar beside,
      Optional<HostBuffer> maskBytes,
      int threads)
      throws SceneException {
    GdalFile gdal = GdalFile.open(key, bytes, threads);
    Optional<GdalFile> mask = Optional.empty();
    try {
      mask = maskBytes.map(file -> GdalFile.open(key + ".msk", file, threads));
      if (mask.isPresent()) {
        SupportedFile.requireOneMask(key, mask.get().bands());
      }
      return new CogFile(gdal, bytes, threads, TileDecoder.NATIVE, beside, mask);
    } catch (RuntimeException | Error e) {
      mask.ifPresent(GdalFile::close);
      gdal.close();
      throw e;
    }
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
    GdalFile gdal = GdalFile.open(key, bytes, threads);
    try {
      return new CogFile(gdal, bytes, threads, wanted, ImageSidecar.NONE, Optional.empty());
    } catch (RuntimeException | Error e) {
      gdal.close();
      throw e;
    }
  }

  private CogFile(
      GdalFile gdal,
      HostBuffer bytes,
      int threads,
      TileDecoder wanted,
      ImageSidecar beside,
      Optional<GdalFile> mask)
      throws SceneException {
    this.gdal = gdal;
    this.beside = beside;
    this.mask = mask;
    this.key = gdal.objectKey();
    this.width = gdal.width();
    this.height = gdal.height();
    this.bands = gdal.bands();
    if (bands < 1) {
      throw SceneException.permanent(key, "expected at least 1 band, found none");
    }
    this.type = gdal.pixelType();
    int[] tileSize = gdal.tileSize();
    this.tileWidth = tileSize[0];
    this.tileHeight = tileSize[1];
    this.interleaved = gdal.interleaved();
    this.layout = layout(key, bytes);
    this.ground = SidecarLocation.locate(gdal, beside);
    if (layout.isPresent()
        && (layout.get().flippedX() != flippedX() || layout.get().flippedY() != flippedY())) {
      throw SceneException.permanent(
          key,
          "the file's georeferencing contradicts itself in its orientation: rewrite it with"
              + " gdal_translate");
    }
    requireSameImage();
    this.threads = threads;
    this.nativeTiles = wanted == TileDecoder.NATIVE ? nativeTiles(bytes) : Optional.empty();
  }

  /**
   * Checks that GDAL reads the image whose tiles were fetched. Damaged directories can be
   * understood in two ways.
   */
  private void requireSameImage() throws SceneException {
    if (layout.isEmpty()) {
      return;
    }
    CogLayout tiles = layout.get();
    if (tiles.width() != width || tiles.height() != height || tiles.bands() != bands) {
      // GDAL converts some kinds of colours to RGB and alpha.
      SupportedFile.require(this, true);
      throw SceneException.permanent(
          key,
          "corrupt TIFF: expected an image of %d × %d px and %d bands, found one of %d × %d px and %d bands"
              .formatted(tiles.width(), tiles.height(), tiles.bands(), width, height, bands));
    }
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

  /**
   * Returns whether the file tags a band as alpha.
   *
   * @param band band number, from 1
   */
  public boolean isAlpha(int band) {
    return layout.filter(tiles -> tiles.alphaBand() == band).isPresent();
  }

  /** Returns GDAL's view of the file, borrowed. */
  GdalFile gdal() {
    return gdal;
  }

  /** Returns GDAL's dataset, borrowed. */
  GDALDatasetH dataset() {
    return gdal.dataset();
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
    gdal.dataset(); // used after close?
    return nativeTiles;
  }

  /** Returns the tile layout; empty if only GDAL can read it. */
  Optional<CogLayout> layout() {
    return layout;
  }

  /** Returns the easting in metres, {@code x} pixels from the left edge. */
  double easting(double x) {
    return ground.easting(x);
  }

  /** Returns the northing in metres, {@code y} pixels from the upper edge. */
  double northing(double y) {
    return ground.northing(y);
  }

  /** Returns whether pixels are stored from east to west. */
  boolean flippedX() {
    return ground.flippedX();
  }

  /** Returns whether pixels are stored from south to north. */
  boolean flippedY() {
    return ground.flippedY();
  }

  /**
   * Returns how the file is stored if it is not north-up: {@code south-up}, {@code east-left} or
   * both. Kiln flips such files; coordinates of all methods are those of the north-up image.
   */
  public Optional<String> orientation() {
    if (flippedX() && flippedY()) {
      return Optional.of("south-up and east-left");
    }
    return flippedY()
        ? Optional.of("south-up")
        : flippedX() ? Optional.of("east-left") : Optional.empty();
  }

  /** Returns the area that the file covers. */
  public GeoExtent extent() {
    return ground.extent(gdal.crs(), width, height);
  }

  /** Returns a new transformation from the file's CRS to WGS84, owned by the caller. */
  Crs toLonLat() throws SceneException {
    Crs crs = Crs.toLonLat(key, gdal.spatialReference());
    double pixel = ground.pixelWidth();
    if (!(pixel >= SMALLEST_PIXEL && pixel <= LARGEST_PIXEL)) {
      crs.close();
      throw SceneException.permanent(
          key,
          "expected pixels of %s to %s m, found %s m"
              .formatted(SMALLEST_PIXEL, LARGEST_PIXEL, pixel));
    }
    return crs;
  }

  /**
   * Returns the declared nodata value of a band.
   *
   * @param band band number, from 1
   */
  public OptionalDouble nodata(int band) {
    return gdal.nodata(band);
  }

  /**
   * Returns the values that mean "no data" in a band according to the file and the file beside it.
   *
   * @param band band number, from 1
   */
  public DoubleStream nodataValues(int band) {
    return Stream.of(gdal.nodata(band), beside.band(band).nodata())
        .flatMapToDouble(OptionalDouble::stream);
  }

  /**
   * Returns the scale and offset that are declared for a band, by the file beside it or else by the
   * file; empty if values are stored as they are, or the declaration is meaningless: a scale of 0
   * or NaN.
   *
   * @param band band number, from 1
   */
  public Optional<double[]> scaleAndOffset(int band) {
    ImageSidecar.Band stated = beside.band(band);
    double factor = first(stated.scale(), gdal.scale(band), 1);
    double summand = first(stated.offset(), gdal.offset(band), 0);
    boolean meaningless = factor == 0 || !Double.isFinite(factor) || !Double.isFinite(summand);
    return factor == 1 && summand == 0 || meaningless
        ? Optional.empty()
        : Optional.of(new double[] {factor, summand});
  }

  private static double first(OptionalDouble one, OptionalDouble other, double none) {
    return one.isPresent() ? one.getAsDouble() : other.orElse(none);
  }

  /**
   * Returns what the file, or the file beside it, states about the values of a band in words: its
   * unit and its description.
   *
   * @param band band number, from 1
   */
  public List<String> words(int band) {
    ImageSidecar.Band stated = beside.band(band);
    return Stream.of(stated.unit(), stated.name(), gdal.unit(band), gdal.description(band))
        .filter(text -> !text.isEmpty())
        .toList();
  }

  /**
   * Returns the description of a band in the file beside the file, or in the file.
   *
   * @param band band number, from 1
   * @return an empty text for a band without one
   */
  public String description(int band) {
    String stated = beside.band(band).name();
    return (stated.isEmpty() ? gdal.description(band) : stated).strip();
  }

  /**
   * Returns which colour a band is according to the file or the file beside it, by its description
   * or else its colour interpretation: red, green or blue.
   *
   * @param band band number, from 1
   * @return empty if neither states a colour
   */
  public Optional<String> colour(int band) {
    ImageSidecar.Band stated = beside.band(band);
    return Stream.of(stated.name(), gdal.description(band), stated.colour(), gdal.colour(band))
        .map(text -> text.toLowerCase(Locale.ROOT))
        .filter(COLOURS_OF_LIGHT::contains)
        .findFirst();
  }

  /**
   * Returns what the file and the file beside it tell about the bands; empty if only GDAL can read
   * the file.
   */
  public Optional<TiffDescription> description() {
    return layout.map(tiles -> tiles.description().with(beside));
  }

  /** Returns GDAL's view of the file beside this one that masks its pixels, borrowed. */
  Optional<GdalFile> mask() {
    return mask;
  }

  /** Returns what files beside this one state. */
  ImageSidecar beside() {
    return beside;
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
   * Reads a window of the north-up image in the file's own pixel type.
   *
   * @param numbers band numbers, from 1
   * @param into receives pixel (i, j) of band k at byte {@code offset + k·bandStride + j·lineStride
   *     + i·pixelStride}
   * @throws SceneException permanent if a tile cannot be decoded
   */
  void read(int[] numbers, int x, int y, int w, int h, HostBuffer into, BandLayout target)
      throws SceneException {
    TiledTiff.Window window = new TiledTiff.Window(x, y, w, h);
    TileRead.all(List.of(new TileRead(this, numbers, window, into, target)), threads);
  }

  /** Closes the file. Idempotent. */
  @Override
  public void close() {
    mask.ifPresent(GdalFile::close);
    gdal.close();
  }
}
