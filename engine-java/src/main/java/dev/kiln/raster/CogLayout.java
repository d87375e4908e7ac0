package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.tiles.UnsupportedTiffException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * Tile layout of a GeoTIFF's full-resolution image, read from the file's directories before any
 * pixel is fetched. TIFF strips are treated as tiles that are as wide as the image.
 *
 * <p>All tiles of a layout are checked to lie within the object.
 */
public final class CogLayout {
  /** Largest width and height that GDAL supports. */
  private static final long MOST_PIXELS = Integer.MAX_VALUE;

  /** Bits of the subfile type. */
  private static final int REDUCED_RESOLUTION = 1;

  private static final int MASK = 4;

  /** Kinds of extra samples. */
  private static final int ASSOCIATED_ALPHA = 1;

  private static final int UNASSOCIATED_ALPHA = 2;

  private static final int MOST_BANDS = 1024;
  private static final int MOST_TILES = 1 << 24;

  /** Decoded bytes that any file may have. */
  private static final long FREE_DECODED_BYTES = 256 << 20;

  /**
   * Decoded bytes per stored byte: DEFLATE reaches 1032 and LZW about 1400. Beyond that, tiles
   * share their bytes to decode to far more than is stored.
   */
  private static final long MOST_EXPANSION = 2_000;

  /** The same for compressions that store a constant tile in a few bytes. */
  private static final long MOST_EXPANSION_OF_CONSTANTS = 50_000;

  /** Tags of the TIFF specification. */
  private static final class Tag {
    static final int SUBFILE = 254;
    static final int WIDTH = 256;
    static final int HEIGHT = 257;
    static final int BITS = 258;
    static final int COMPRESSION = 259;
    static final int STRIP_OFFSETS = 273;
    static final int PHOTOMETRIC = 262;
    static final int BANDS = 277;
    static final int STRIP_ROWS = 278;
    static final int STRIP_BYTES = 279;
    static final int PLANAR = 284;
    static final int PREDICTOR = 317;
    static final int TILE_WIDTH = 322;
    static final int TILE_HEIGHT = 323;
    static final int TILE_OFFSETS = 324;
    static final int TILE_BYTES = 325;
    static final int EXTRA_SAMPLES = 338;
    static final int FORMAT = 339;
    static final int PIXEL_SCALE = 33550;
    static final int TIE_POINTS = 33922;
    static final int TRANSFORMATION = 34264;
  }

  private final String key;
  private final long size;
  private final int width;
  private final int height;
  private final int bands;
  private final int bits;
  private final int format;
  private final int compression;
  private final int predictor;
  private final boolean interleaved;
  private final boolean whiteIsZero;
  private final int alphaBand;
  private final boolean flippedX;
  private final boolean flippedY;
  private final Optional<CogLayout> mask;
  private final int tileWidth;
  private final int tileHeight;
  private final long[] offsets;
  private final long[] lengths;

  /** Null if the native decoder does not support the image. */
  private final TiledTiff.Layout nativeLayout;

  private final String unsupported;

  /**
   * Reads the layout; requests only the bytes of the file's directories.
   *
   * @param key the object, for messages
   * @param size of the object in bytes
   * @param bytes of the object
   * @throws SceneException permanent if it is not a TIFF, or one whose directory is broken
   */
  public static CogLayout read(String key, long size, FileBytes bytes)
      throws SceneException, InterruptedException {
    List<TiffDirectory> directories = TiffDirectory.readAll(key, size, bytes);
    TiffDirectory image = directories.get(0);
    if ((image.number(Tag.SUBFILE, "subfile type", 0) & REDUCED_RESOLUTION) != 0) {
      throw SceneException.permanent(
          key,
          "expected the full-resolution image as the first of the file, found a reduced-resolution"
              + " one: rewrite it as a COG");
    }
    Optional<CogLayout> mask = Optional.empty();
    for (TiffDirectory other : directories) {
      long subfile = other.number(Tag.SUBFILE, "subfile type", 0);
      if (mask.isEmpty() && (subfile & MASK) != 0 && (subfile & REDUCED_RESOLUTION) == 0) {
        mask = Optional.of(new CogLayout(key, size, other, Optional.empty()));
      }
    }
    return new CogLayout(key, size, image, mask);
  }

  private CogLayout(String key, long size, TiffDirectory image, Optional<CogLayout> mask)
      throws SceneException {
    this.mask = mask;
    this.whiteIsZero = image.number(Tag.PHOTOMETRIC, "photometric interpretation", 1) == 0;
    double[] scale = image.doubles(Tag.PIXEL_SCALE);
    double[] matrix = image.doubles(Tag.TRANSFORMATION);
    // The rules of GDAL: a pixel scale comes before a matrix, and its sign in y does not count.
    boolean scaled =
        scale.length >= 2
            && scale[0] != 0
            && scale[1] != 0
            && image.doubles(Tag.TIE_POINTS).length >= 6;
    this.flippedX = scaled ? scale[0] < 0 : matrix.length == 16 && matrix[0] < 0;
    this.flippedY = !scaled && matrix.length == 16 && matrix[5] > 0;
    this.key = key;
    this.size = size;
    this.width = within(image.number(Tag.WIDTH, "width"), MOST_PIXELS, "width");
    this.height = within(image.number(Tag.HEIGHT, "height"), MOST_PIXELS, "height");
    this.bands = within(image.number(Tag.BANDS, "number of bands", 1), MOST_BANDS, "bands");
    this.bits = same(image, Tag.BITS, "bits of a sample", 1, 64);
    this.format = same(image, Tag.FORMAT, "sample format", 1, 6);
    this.compression =
        within(image.number(Tag.COMPRESSION, "compression", 1), 65535, "compression");
    this.predictor = within(image.number(Tag.PREDICTOR, "predictor", 1), 3, "predictor");
    this.interleaved =
        within(image.number(Tag.PLANAR, "planar layout", 1), 2, "planar layout") == 1;
    this.alphaBand = alphaBand(image);
    if (image.has(Tag.TILE_WIDTH)) {
      this.tileWidth =
          within(image.number(Tag.TILE_WIDTH, "tile width"), MOST_PIXELS, "tile width");
      this.tileHeight =
          within(image.number(Tag.TILE_HEIGHT, "tile height"), MOST_PIXELS, "tile height");
      this.offsets = either(image, Tag.TILE_OFFSETS, Tag.STRIP_OFFSETS, "tile offsets");
      this.lengths = either(image, Tag.TILE_BYTES, Tag.STRIP_BYTES, "tile byte counts");
    } else {
      this.tileWidth = width;
      long rows = image.number(Tag.STRIP_ROWS, "rows of a strip", height);
      // Writers that store the whole image as one strip may put 2^32 - 1 here.
      this.tileHeight = within(Math.min(rows, height), MOST_PIXELS, "rows of a strip");
      this.offsets = either(image, Tag.STRIP_OFFSETS, Tag.TILE_OFFSETS, "strip offsets");
      this.lengths = either(image, Tag.STRIP_BYTES, Tag.TILE_BYTES, "strip byte counts");
    }
    checkTiles();
    TiledTiff.Layout supported = null;
    String reason = null;
    try {
      supported = NativeLayout.of(image, this, image.has(Tag.TILE_WIDTH));
    } catch (UnsupportedTiffException e) {
      reason = e.getMessage();
    }
    this.nativeLayout = supported;
    this.unsupported = reason;
  }

  /** Returns the values of a field or, as libtiff does, of the one with the same meaning. */
  private static long[] either(TiffDirectory image, int tag, int other, String name)
      throws SceneException {
    return image.numbers(image.has(tag) || !image.has(other) ? tag : other, name);
  }

  /** Refuses files whose tiles share bytes in order to decode to far more than is stored. */
  private void checkExpansion(long writtenTiles) throws SceneException {
    double tileBytes = (double) tileWidth * tileHeight * (interleaved ? bands : 1) * bits / 8;
    boolean constants = compression > 8 && compression != 32773 && compression != 32946;
    long most = constants ? MOST_EXPANSION_OF_CONSTANTS : MOST_EXPANSION;
    if (writtenTiles * tileBytes > FREE_DECODED_BYTES + (double) most * size) {
      throw SceneException.permanent(
          key,
          "expected at most %d decoded bytes per stored byte, found %.0f: tiles share their bytes"
              .formatted(most, writtenTiles * tileBytes / size));
    }
  }

  /** Returns the band that the file tags as alpha, 0 if none. Only the last band can be. */
  private int alphaBand(TiffDirectory image) throws SceneException {
    if (!image.has(Tag.EXTRA_SAMPLES)) {
      return 0;
    }
    long[] extra = image.numbers(Tag.EXTRA_SAMPLES, "extra samples");
    long last = extra[extra.length - 1];
    return last == ASSOCIATED_ALPHA || last == UNASSOCIATED_ALPHA ? bands : 0;
  }

  private void checkTiles() throws SceneException {
    long tiles = (long) columns() * rows() * (interleaved ? 1 : bands);
    if (tiles > MOST_TILES || offsets.length < tiles || lengths.length < tiles) {
      throw broken(
          "expected %d tiles, found %d offsets and %d byte counts"
              .formatted(tiles, offsets.length, lengths.length));
    }
    long written = 0;
    for (int i = 0; i < tiles; i++) {
      written += lengths[i] > 0 ? 1 : 0;
      if (lengths[i] > Integer.MAX_VALUE || offsets[i] > size - lengths[i]) {
        throw SceneException.permanent(
            key,
            "tile %d: expected bytes %d+%d, found an object of %d bytes: it is truncated or corrupt"
                .formatted(i, offsets[i], lengths[i], size));
      }
    }
    checkExpansion(written);
  }

  private int within(long value, long most, String name) throws SceneException {
    if (value < 1 || value > most) {
      throw broken("%s of %d".formatted(name, value));
    }
    return (int) value;
  }

  /** Returns the value that all bands share; {@code absent} if the tag is missing. */
  private int same(TiffDirectory image, int tag, String name, long absent, long most)
      throws SceneException {
    if (!image.has(tag)) {
      return (int) absent;
    }
    long[] values = image.numbers(tag, name);
    for (long value : values) {
      if (value != values[0]) {
        throw SceneException.permanent(
            key, name + ": expected one value for all bands, found several");
      }
    }
    return within(values[0], most, name);
  }

  private SceneException broken(String what) {
    return SceneException.permanent(key, "corrupt TIFF: " + what);
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

  /** Returns the bits per sample. */
  public int bits() {
    return bits;
  }

  /** Returns the TIFF sample format: 1 unsigned, 2 signed, 3 floating point. */
  public int format() {
    return format;
  }

  /** Returns the TIFF compression code: 1 none, 5 LZW, 8 DEFLATE, 50000 ZSTD. */
  public int compression() {
    return compression;
  }

  /** Returns the TIFF predictor: 1 none, 2 horizontal differences, 3 floating point. */
  public int predictor() {
    return predictor;
  }

  /**
   * Returns whether a tile contains all bands pixel by pixel; if not, each band has its own tiles.
   */
  public boolean interleaved() {
    return interleaved;
  }

  /** Returns whether 0 is white: TIFF's photometric interpretation MinIsWhite. */
  public boolean whiteIsZero() {
    return whiteIsZero;
  }

  /** Returns the number of the band that is tagged as alpha, from 1; 0 if there is none. */
  public int alphaBand() {
    return alphaBand;
  }

  /** Returns whether pixels are stored from east to west. */
  public boolean flippedX() {
    return flippedX;
  }

  /** Returns whether pixels are stored from south to north. */
  public boolean flippedY() {
    return flippedY;
  }

  /** Returns whether the file contains a mask of its pixels. */
  public boolean hasMask() {
    return mask.isPresent();
  }

  /** Returns the width of a tile in pixels. */
  public int tileWidth() {
    return tileWidth;
  }

  /** Returns the height of a tile in pixels. */
  public int tileHeight() {
    return tileHeight;
  }

  /** Returns the number of tiles across. */
  public int columns() {
    return (int) ((width - 1L) / tileWidth + 1);
  }

  /** Returns the number of tiles down. */
  public int rows() {
    return (int) ((height - 1L) / tileHeight + 1);
  }

  /**
   * Returns the bytes of a tile in the object; length 0 for a tile that was never written.
   *
   * @param column tile column, from 0 at the left
   * @param row tile row, from 0 at the top
   * @param band band number, from 1; ignored if the file is {@link #interleaved}
   */
  public ByteRange tile(int column, int row, int band) {
    if (column < 0 || column >= columns() || row < 0 || row >= rows()) {
      throw new IndexOutOfBoundsException(
          "%s: tile (%d, %d) of %d × %d".formatted(key, column, row, columns(), rows()));
    }
    int plane = interleaved ? 0 : band - 1;
    int index = (plane * rows() + row) * columns() + column;
    return new ByteRange(offsets[index], lengths[index]);
  }

  /**
   * Returns the bytes of all tiles that intersect windows of a scene's grid, each tile once, with
   * those of the file's mask and alpha band. Tiles that were never written are omitted.
   *
   * @param windows windows in pixels of the scene's grid, which is north-up
   * @param repeat grid pixels per pixel of this file in each direction
   * @param wanted band numbers, from 1
   */
  public List<ByteRange> tiles(List<StripWindow> windows, int repeat, int... wanted) {
    List<ByteRange> ranges = new ArrayList<>(ranges(touched(windows, repeat), wanted));
    if (alphaBand > 0 && !interleaved) {
      ranges.addAll(ranges(touched(windows, repeat), alphaBand));
    }
    mask.filter(found -> found.width == width && found.height == height)
        .ifPresent(found -> ranges.addAll(found.ranges(found.touchedBy(this, windows, repeat), 1)));
    return ranges;
  }

  private BitSet touched(List<StripWindow> windows, int repeat) {
    return touchedBy(this, windows, repeat);
  }

  /**
   * Returns the tiles of this image that windows intersect, in the orientation of another image.
   */
  private BitSet touchedBy(CogLayout image, List<StripWindow> windows, int repeat) {
    BitSet touched = new BitSet();
    for (StripWindow window : windows) {
      StripWindow.Span lines =
          stored(
              window.firstRow(), window.firstRow() + window.rows(), repeat, height, image.flippedY);
      int top = lines.begin() / tileHeight;
      int bottom = (lines.end() - 1) / tileHeight;
      for (StripWindow.Span span : window.spans()) {
        StripWindow.Span pixels = stored(span.begin(), span.end(), repeat, width, image.flippedX);
        int left = pixels.begin() / tileWidth;
        int right = (pixels.end() - 1) / tileWidth;
        for (int row = top; row <= bottom && left <= right; row++) {
          touched.set(row * columns() + left, row * columns() + right + 1);
        }
      }
    }
    return touched;
  }

  /** Converts a range of grid pixels to stored pixels. */
  private static StripWindow.Span stored(
      int begin, int end, int repeat, int size, boolean flipped) {
    int first = Math.min(size, begin / repeat);
    int last = Math.min(size, (end + repeat - 1) / repeat);
    return flipped
        ? new StripWindow.Span(size - last, size - first)
        : new StripWindow.Span(first, last);
  }

  /**
   * Returns the bytes of all tiles of some bands. Tiles that were never written are omitted.
   *
   * @param wanted band numbers, from 1
   */
  public List<ByteRange> tiles(int... wanted) {
    BitSet all = new BitSet();
    all.set(0, columns() * rows());
    return ranges(all, wanted);
  }

  private List<ByteRange> ranges(BitSet touched, int... wanted) {
    List<ByteRange> ranges = new ArrayList<>();
    for (int band : interleaved ? new int[] {1} : wanted) {
      for (int i = touched.nextSetBit(0); i >= 0; i = touched.nextSetBit(i + 1)) {
        ByteRange range = tile(i % columns(), i / columns(), band);
        if (range.length() > 0) {
          ranges.add(range);
        }
      }
    }
    return ranges;
  }

  /**
   * Returns the image for the native decoder.
   *
   * @param file the whole object, borrowed; only its tiles are read
   * @throws UnsupportedTiffException if the native decoder does not support the image
   */
  public TiledTiff tiled(HostBuffer file) throws UnsupportedTiffException {
    if (nativeLayout == null) {
      throw new UnsupportedTiffException(unsupported);
    }
    TiledTiff.Tiles tiles =
        new TiledTiff.Tiles() {
          @Override
          public long offset(int index) {
            return offsets[index];
          }

          @Override
          public long size(int index) {
            return lengths[index];
          }
        };
    return new TiledTiff(file, nativeLayout, tiles);
  }
}
