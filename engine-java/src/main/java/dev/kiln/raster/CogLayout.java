package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.tiles.UnsupportedTiffException;
import java.util.ArrayList;
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

  private static final int MOST_BANDS = 1024;

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
  private final long fillOrder;
  private final int photometric;
  private final TiffDescription description;
  private final int alphaBand;
  private final boolean flippedX;
  private final boolean flippedY;
  private final Optional<CogLayout> mask;
  private final int tileWidth;
  private final int tileHeight;
  private final TileIndex index;

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
    if ((image.number(TiffTags.SUBFILE, "subfile type", 0) & REDUCED_RESOLUTION) != 0) {
      throw SceneException.permanent(
          key,
          "expected the full-resolution image as the first of the file, found a reduced-resolution"
              + " one: rewrite it as a COG");
    }
    Optional<CogLayout> mask = Optional.empty();
    for (TiffDirectory other : directories) {
      long subfile = other.number(TiffTags.SUBFILE, "subfile type", 0);
      if (mask.isEmpty() && (subfile & MASK) != 0 && (subfile & REDUCED_RESOLUTION) == 0) {
        mask = Optional.of(new CogLayout(key, size, other, Optional.empty()));
      }
    }
    return new CogLayout(key, size, image, mask);
  }

  /**
   * Reads the layouts of the full-resolution image and of its overviews; requests only the bytes of
   * the file's directories.
   *
   * @param key the object, for messages
   * @param size of the object in bytes
   * @param bytes of the object
   * @return the full-resolution image first
   * @throws SceneException permanent if it is not a TIFF, or one whose directory is broken
   */
  static List<CogLayout> readLevels(String key, long size, FileBytes bytes)
      throws SceneException, InterruptedException {
    List<CogLayout> levels = new ArrayList<>(List.of(read(key, size, bytes)));
    for (TiffDirectory other : TiffDirectory.readAll(key, size, bytes)) {
      if (other.number(TiffTags.SUBFILE, "subfile type", 0) == REDUCED_RESOLUTION) {
        levels.add(new CogLayout(key, size, other, Optional.empty()));
      }
    }
    return levels;
  }

  private CogLayout(String key, long size, TiffDirectory image, Optional<CogLayout> mask)
      throws SceneException {
    this.mask = mask;
    this.photometric =
        (int)
            Math.min(
                image.number(TiffTags.PHOTOMETRIC, "photometric interpretation", 1), MOST_PIXELS);
    double[] scale = image.doubles(TiffTags.PIXEL_SCALE);
    double[] matrix = image.doubles(TiffTags.TRANSFORMATION);
    // The rules of GDAL: a pixel scale comes before a matrix, and its sign in y does not count.
    boolean scaled =
        scale.length >= 2
            && scale[0] != 0
            && scale[1] != 0
            && image.doubles(TiffTags.TIE_POINTS).length >= 6;
    this.flippedX = scaled ? scale[0] < 0 : matrix.length == 16 && matrix[0] < 0;
    this.flippedY = !scaled && matrix.length == 16 && matrix[5] > 0;
    this.key = key;
    this.size = size;
    this.width = within(image.number(TiffTags.WIDTH, "width"), MOST_PIXELS, "width");
    this.height = within(image.number(TiffTags.HEIGHT, "height"), MOST_PIXELS, "height");
    this.bands = within(image.number(TiffTags.BANDS, "number of bands", 1), MOST_BANDS, "bands");
    this.bits = same(image, TiffTags.BITS, "bits of a sample", 1, 64);
    this.format = same(image, TiffTags.FORMAT, "sample format", 1, 6);
    this.compression =
        within(image.number(TiffTags.COMPRESSION, "compression", 1), 65535, "compression");
    this.predictor = within(image.number(TiffTags.PREDICTOR, "predictor", 1), 3, "predictor");
    this.interleaved =
        within(image.number(TiffTags.PLANAR, "planar layout", 1), 2, "planar layout") == 1;
    this.fillOrder = image.number(TiffTags.FILL_ORDER, "fill order", 1);
    this.description = TiffDescription.of(key, image);
    // The first band that the file tags as alpha.
    this.alphaBand = description.colours().indexOf("alpha") + 1;
    if (image.has(TiffTags.TILE_WIDTH)) {
      this.tileWidth =
          within(image.number(TiffTags.TILE_WIDTH, "tile width"), MOST_PIXELS, "tile width");
      this.tileHeight =
          within(image.number(TiffTags.TILE_HEIGHT, "tile height"), MOST_PIXELS, "tile height");
    } else {
      this.tileWidth = width;
      long rows = image.number(TiffTags.STRIP_ROWS, "rows of a strip", height);
      // Writers that store the whole image as one strip may put 2^32 - 1 here.
      this.tileHeight = within(Math.min(rows, height), MOST_PIXELS, "rows of a strip");
    }
    this.index = TileIndex.of(image, this);
    TiledTiff.Layout supported = null;
    String reason = null;
    try {
      supported = NativeLayout.of(image, this, image.has(TiffTags.TILE_WIDTH));
    } catch (UnsupportedTiffException e) {
      reason = e.getMessage();
    }
    this.nativeLayout = supported;
    this.unsupported = reason;
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

  /** Returns the size of the object in bytes. */
  long size() {
    return size;
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

  /** Returns the order of bits in a byte: 1 with the highest first, as in all but facsimiles. */
  long fillOrder() {
    return fillOrder;
  }

  /** Returns TIFF's photometric interpretation: 0 MinIsWhite, 1 MinIsBlack, 2 RGB, 3 palette. */
  int photometric() {
    return photometric;
  }

  /** Returns what the file tells about its bands. */
  TiffDescription description() {
    return description;
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
    return index.tile((plane * rows() + row) * columns() + column);
  }

  /** Returns the layout of the file's mask; empty if there is none of the image's size. */
  Optional<CogLayout> mask() {
    return mask.filter(found -> found.width == width && found.height == height);
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
    return TileRanges.of(this, windows, repeat, wanted);
  }

  /**
   * Returns the bytes of the tiles of a mask in a file of its own that intersect windows of a
   * scene's grid.
   *
   * @param mask layout of the mask, which has the orientation of this image
   * @param windows windows in pixels of the scene's grid, which is north-up
   * @param repeat grid pixels per pixel of this file in each direction
   */
  public List<ByteRange> maskTiles(CogLayout mask, List<StripWindow> windows, int repeat) {
    return TileRanges.ofMask(mask, this, windows, repeat);
  }

  /**
   * Returns whether all tiles that a square of a scene's grid touches were never written.
   *
   * @param x left edge of the square in grid pixels
   * @param y upper edge of the square in grid pixels
   * @param edge side of the square in grid pixels
   * @param repeat grid pixels per pixel of this file in each direction
   * @param wanted band numbers, from 1
   */
  public boolean isUnwritten(int x, int y, int edge, int repeat, int... wanted) {
    return TileRanges.isUnwritten(this, x, y, edge, repeat, wanted);
  }

  /**
   * Returns the bytes of all tiles of some bands. Tiles that were never written are omitted.
   *
   * @param wanted band numbers, from 1
   */
  public List<ByteRange> tiles(int... wanted) {
    return TileRanges.ofImage(this, wanted);
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
    return new TiledTiff(file, nativeLayout, index);
  }
}
