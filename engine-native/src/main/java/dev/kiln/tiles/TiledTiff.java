package dev.kiln.tiles;

import dev.kiln.memory.HostBuffer;
import dev.kiln.nativelib.NativeLibrary;
import dev.kiln.type.PixelType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A tiled image of a TIFF in host memory, decoded by Kiln's own native code: DEFLATE, zstd or no
 * compression, predictors 1 to 3, either byte order, pixel-interleaved or planar. The caller has
 * read the TIFF's directory and passes the layout and the tiles; the native code checks them again
 * and reads only the tiles that a window touches.
 *
 * <p>Borrows the bytes and owns nothing, so there is nothing to close. Any number of threads may
 * read at once.
 */
public final class TiledTiff {
  /** Larger tiles are not decoded: {@code KILN_MAX_TILE_BYTES} in {@code tiles.h}. */
  public static final long MAX_TILE_BYTES = 64 << 20;

  private static final int OK = 0;
  private static final int CORRUPT = 1;
  private static final int NO_MEMORY = 2;
  private static final int MESSAGE_SIZE = 256;

  /** Positions of the fields of one tile: {@code kiln::TileFields} in {@code jni_arguments.h}. */
  static final class TileFields {
    static final int OFFSET = 0;
    static final int SIZE = 1;

    /** Fields of one tile. */
    static final int COUNT = 2;

    private TileFields() {}
  }

  /** Positions of the fields of one read: {@code kiln::ReadFields} in {@code jni_arguments.h}. */
  static final class ReadFields {
    static final int FILE_ADDRESS = 0;
    static final int FILE_SIZE = 1;
    static final int IMAGE_WIDTH = 2;
    static final int IMAGE_HEIGHT = 3;
    static final int IMAGE_BANDS = 4;
    static final int PIXEL_TYPE = 5;
    static final int TILE_WIDTH = 6;
    static final int TILE_HEIGHT = 7;
    static final int INTERLEAVED = 8;
    static final int BIG_ENDIAN = 9;
    static final int COMPRESSION = 10;
    static final int PREDICTOR = 11;
    static final int TILE_COUNT = 12;
    static final int X = 13;
    static final int Y = 14;
    static final int WIDTH = 15;
    static final int HEIGHT = 16;
    static final int BAND_COUNT = 17;
    static final int TARGET_ADDRESS = 18;
    static final int TARGET_SIZE = 19;
    static final int OFFSET = 20;
    static final int PIXEL_STRIDE = 21;
    static final int LINE_STRIDE = 22;
    static final int BAND_STRIDE = 23;
    static final int FILL = 24;

    /** Fields of one read. */
    static final int COUNT = 25;

    private ReadFields() {}
  }

  private static final Target NOWHERE = new Target(null, 0, 0, 0, 0, 0);

  private final HostBuffer file;
  private final Layout layout;
  private final Tiles tiles;

  /**
   * Size, type and coding of an image.
   *
   * @param width columns in pixels
   * @param height rows in pixels
   * @param bands number of bands
   * @param type of the pixels
   * @param tileWidth columns of a tile in pixels
   * @param tileHeight rows of a tile in pixels
   * @param interleaved whether a tile contains all bands, pixel by pixel; else each band has tiles
   *     of its own
   * @param bigEndian byte order of the samples
   * @param compression as TIFF numbers it: 1 none, 8 DEFLATE, 50000 zstd
   * @param predictor as TIFF numbers it: 1 none, 2 horizontal, 3 floating point
   */
  public record Layout(
      int width,
      int height,
      int bands,
      PixelType type,
      int tileWidth,
      int tileHeight,
      boolean interleaved,
      boolean bigEndian,
      int compression,
      int predictor) {

    /** Checks that there are fewer than 2^31 tiles and that sizes are positive. */
    public Layout {
      if (width < 1 || height < 1 || bands < 1 || tileWidth < 1 || tileHeight < 1) {
        throw new IllegalArgumentException(
            "expected positive sizes, found %d x %d pixels, %d bands, tiles of %d x %d"
                .formatted(width, height, bands, tileWidth, tileHeight));
      }
      long tiles = ((width - 1) / tileWidth + 1L) * ((height - 1) / tileHeight + 1);
      if (tiles > Integer.MAX_VALUE / bands) {
        throw new IllegalArgumentException("expected fewer than 2^31 tiles, found more");
      }
    }

    private int tilesAcross() {
      return (width - 1) / tileWidth + 1;
    }

    private int tilesDown() {
      return (height - 1) / tileHeight + 1;
    }
  }

  /** Where the tiles are in the file, numbered row by row and, if planar, band by band. */
  public interface Tiles {
    /** Returns the byte offset of a tile in the file. */
    long offset(int index);

    /** Returns the bytes of a tile in the file; 0 if the file omits it. */
    long size(int index);
  }

  /**
   * The rectangle to read.
   *
   * @param x first column
   * @param y first row
   * @param width columns
   * @param height rows
   */
  public record Window(int x, int y, int width, int height) {}

  /**
   * Destination of the pixels: pixel (i, j) of the k-th band at byte {@code offset + k·bandStride +
   * j·lineStride + i·pixelStride}, in host byte order. Strides are not negative.
   *
   * @param memory borrowed
   * @param offset byte of the first pixel of the first band
   * @param pixelStride bytes from pixel to pixel
   * @param lineStride bytes from line to line
   * @param bandStride bytes from band to band
   * @param fill the pixel, in host byte order in the low bytes, of tiles that the file omits
   */
  public record Target(
      HostBuffer memory,
      long offset,
      long pixelStride,
      long lineStride,
      long bandStride,
      int fill) {}

  /**
   * A window of a file and its destination.
   *
   * @param window inside the image
   * @param bands band numbers, from 1
   * @param target null to decode and check the tiles without storing their pixels
   */
  public record Read(TiledTiff tiff, Window window, int[] bands, Target target) {

    /** Rejects what would make {@link #putTiles} fail; the native code checks everything. */
    private void check() {
      Layout image = tiff.layout;
      if (window.x() < 0
          || window.y() < 0
          || window.width() < 1
          || window.height() < 1
          || window.width() > image.width() - window.x()
          || window.height() > image.height() - window.y()) {
        throw new IndexOutOfBoundsException(
            "%s of an image of %d x %d pixels".formatted(window, image.width(), image.height()));
      }
      for (int band : bands) {
        if (band < 1 || band > image.bands()) {
          throw new IndexOutOfBoundsException("band %d of %d".formatted(band, image.bands()));
        }
      }
    }

    private int left() {
      return window.x() / tiff.layout.tileWidth();
    }

    private int right() {
      return (window.x() + window.width() - 1) / tiff.layout.tileWidth();
    }

    private int top() {
      return window.y() / tiff.layout.tileHeight();
    }

    private int bottom() {
      return (window.y() + window.height() - 1) / tiff.layout.tileHeight();
    }

    private int tileCount() {
      int planes = tiff.layout.interleaved() ? 1 : bands.length;
      return Math.multiplyExact(
          planes, Math.multiplyExact(right() - left() + 1, bottom() - top() + 1));
    }

    /** Writes the fields of this read for the native code. */
    private void put(long[] fields, int at) {
      HostBuffer file = tiff.file;
      Layout image = tiff.layout;
      Target to = target == null ? NOWHERE : target;
      HostBuffer memory = to.memory();
      fields[at + ReadFields.FILE_ADDRESS] = file.address();
      fields[at + ReadFields.FILE_SIZE] = file.size();
      fields[at + ReadFields.IMAGE_WIDTH] = image.width();
      fields[at + ReadFields.IMAGE_HEIGHT] = image.height();
      fields[at + ReadFields.IMAGE_BANDS] = image.bands();
      fields[at + ReadFields.PIXEL_TYPE] = image.type().code();
      fields[at + ReadFields.TILE_WIDTH] = image.tileWidth();
      fields[at + ReadFields.TILE_HEIGHT] = image.tileHeight();
      fields[at + ReadFields.INTERLEAVED] = image.interleaved() ? 1 : 0;
      fields[at + ReadFields.BIG_ENDIAN] = image.bigEndian() ? 1 : 0;
      fields[at + ReadFields.COMPRESSION] = image.compression();
      fields[at + ReadFields.PREDICTOR] = image.predictor();
      fields[at + ReadFields.TILE_COUNT] = tileCount();
      fields[at + ReadFields.X] = window.x();
      fields[at + ReadFields.Y] = window.y();
      fields[at + ReadFields.WIDTH] = window.width();
      fields[at + ReadFields.HEIGHT] = window.height();
      fields[at + ReadFields.BAND_COUNT] = bands.length;
      fields[at + ReadFields.TARGET_ADDRESS] = memory == null ? 0 : memory.address();
      fields[at + ReadFields.TARGET_SIZE] = memory == null ? 0 : memory.size();
      fields[at + ReadFields.OFFSET] = to.offset();
      fields[at + ReadFields.PIXEL_STRIDE] = to.pixelStride();
      fields[at + ReadFields.LINE_STRIDE] = to.lineStride();
      fields[at + ReadFields.BAND_STRIDE] = to.bandStride();
      fields[at + ReadFields.FILL] = to.fill();
    }

    /**
     * Writes the tiles that the window touches, in the order in which the native code reads them.
     *
     * @return the position after them
     */
    private int putTiles(long[] fields, int start) {
      Layout image = tiff.layout;
      int at = start;
      for (int k = 0; k < (image.interleaved() ? 1 : bands.length); k++) {
        int plane = image.interleaved() ? 0 : bands[k] - 1;
        for (int row = top(); row <= bottom(); row++) {
          int first = (plane * image.tilesDown() + row) * image.tilesAcross();
          for (int column = left(); column <= right(); column++) {
            fields[at + TileFields.OFFSET] = tiff.tiles.offset(first + column);
            fields[at + TileFields.SIZE] = tiff.tiles.size(first + column);
            at += TileFields.COUNT;
          }
        }
      }
      return at;
    }
  }

  /**
   * Describes an image.
   *
   * @param file the whole file, borrowed; parts that are never read may have any content
   * @param tiles every tile of the image
   * @throws IllegalStateException if the native library cannot be loaded: one line with the reason
   */
  public TiledTiff(HostBuffer file, Layout layout, Tiles tiles) {
    NativeLibrary.KILN.load();
    this.file = file;
    this.layout = layout;
    this.tiles = tiles;
  }

  /** Returns size, type and coding of the image. */
  public Layout layout() {
    return layout;
  }

  /**
   * Reads pixels as they are stored. The same threads decode the tiles of all windows, so that none
   * idles while another window still has tiles.
   *
   * @param threads number of threads that decode, including the caller's
   * @throws CorruptTileException if a tile cannot be decoded, the first of several; the contents of
   *     the targets are then unspecified
   * @throws IndexOutOfBoundsException if a window or a band is not in its image, or a target leaves
   *     its memory
   */
  public static void read(List<Read> reads, int threads) throws CorruptTileException {
    if (reads.isEmpty()) {
      return;
    }
    long[] fields = new long[ReadFields.COUNT * reads.size()];
    int tileCount = 0;
    for (Read read : reads) {
      read.check();
      tileCount = Math.addExact(tileCount, read.tileCount());
    }
    long[] tiles = new long[Math.multiplyExact(TileFields.COUNT, tileCount)];
    int tilesAt = 0;
    for (int i = 0; i < reads.size(); i++) {
      reads.get(i).put(fields, i * ReadFields.COUNT);
      tilesAt = reads.get(i).putTiles(tiles, tilesAt);
    }
    int[] bands = reads.stream().flatMapToInt(read -> Arrays.stream(read.bands())).toArray();
    int[] failed = new int[1];
    byte[] message = new byte[MESSAGE_SIZE];
    int status = read(fields, tiles, bands, threads, failed, message);
    switch (status) {
      case OK -> {}
      case CORRUPT -> throw new CorruptTileException(failed[0], text(message));
      case NO_MEMORY -> throw new OutOfMemoryError(text(message));
      default -> throw new IndexOutOfBoundsException(text(message));
    }
  }

  /**
   * Decodes and checks the tiles of a window without storing their pixels.
   *
   * @throws CorruptTileException as {@link #read}
   */
  public void check(Window window, int[] bands, int threads) throws CorruptTileException {
    read(List.of(new Read(this, window, bands, null)), threads);
  }

  private static String text(byte[] message) {
    int end = 0;
    while (message[end] != 0) {
      end++;
    }
    return new String(message, 0, end, StandardCharsets.UTF_8);
  }

  private static native int read(
      long[] reads, long[] tiles, int[] bands, int threads, int[] failed, byte[] message);
}
