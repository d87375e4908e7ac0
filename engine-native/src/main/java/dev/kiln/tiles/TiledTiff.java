package dev.kiln.tiles;

import dev.kiln.memory.HostBuffer;
import dev.kiln.nativelib.NativeLibrary;
import dev.kiln.type.PixelType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The first image of a tiled TIFF or BigTIFF in host memory, decoded by Kiln's own native code:
 * DEFLATE, zstd or no compression, predictors 1 to 3, either byte order, pixel-interleaved or
 * planar. Reads the directory and the tiles that a window touches, and no other byte of the file.
 *
 * <p>Borrows the bytes and owns nothing, so there is nothing to close. Any number of threads may
 * read at once.
 */
public final class TiledTiff {
  private static final int OK = 0;
  private static final int UNSUPPORTED = 1;
  private static final int CORRUPT = 2;
  private static final int NO_MEMORY = 3;
  private static final int MESSAGE_SIZE = 256;

  /** Positions of the fields of one read: {@code kiln::ReadFields} in {@code jni_arguments.h}. */
  static final class ReadFields {
    static final int FILE_ADDRESS = 0;
    static final int FILE_SIZE = 1;
    static final int X = 2;
    static final int Y = 3;
    static final int WIDTH = 4;
    static final int HEIGHT = 5;
    static final int BAND_COUNT = 6;
    static final int TARGET_ADDRESS = 7;
    static final int TARGET_SIZE = 8;
    static final int OFFSET = 9;
    static final int PIXEL_STRIDE = 10;
    static final int LINE_STRIDE = 11;
    static final int BAND_STRIDE = 12;
    static final int FILL = 13;

    /** Fields of one read. */
    static final int COUNT = 14;

    private ReadFields() {}
  }

  private static final Target NOWHERE = new Target(null, 0, 0, 0, 0, 0);

  private final HostBuffer file;
  private final int[] image;

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
    /** Writes the fields of this read for the native code. */
    private void put(long[] fields, int at) {
      HostBuffer file = tiff.file;
      Target to = target == null ? NOWHERE : target;
      HostBuffer memory = to.memory();
      fields[at + ReadFields.FILE_ADDRESS] = file.address();
      fields[at + ReadFields.FILE_SIZE] = file.size();
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
  }

  private TiledTiff(HostBuffer file, int[] image) {
    this.file = file;
    this.image = image;
  }

  /**
   * @param file the whole file, borrowed; parts that are never read may have any content
   * @throws UnsupportedTiffException if this decoder cannot read its first image
   * @throws IllegalStateException if the native library cannot be loaded: one line with the reason
   */
  public static TiledTiff open(HostBuffer file) throws UnsupportedTiffException {
    NativeLibrary.KILN.load();
    int[] image = new int[7];
    byte[] message = new byte[MESSAGE_SIZE];
    int status = describe(file.address(), file.size(), image, message);
    if (status == UNSUPPORTED) {
      throw new UnsupportedTiffException(text(message));
    }
    check(status, message);
    return new TiledTiff(file, image);
  }

  /** Returns the width in pixels. */
  public int width() {
    return image[0];
  }

  /** Returns the height in pixels. */
  public int height() {
    return image[1];
  }

  /** Returns the number of bands. */
  public int bands() {
    return image[2];
  }

  /** Returns the type of the pixels. */
  public PixelType type() {
    return PixelType.ofCode(image[3]);
  }

  /** Returns the width of a tile in pixels. */
  public int tileWidth() {
    return image[4];
  }

  /** Returns the height of a tile in pixels. */
  public int tileHeight() {
    return image[5];
  }

  /** Returns whether the bands of a pixel are stored together. */
  public boolean interleaved() {
    return image[6] != 0;
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
      // No file may have been opened yet, so the native code may not be loaded.
      return;
    }
    long[] fields = new long[ReadFields.COUNT * reads.size()];
    for (int i = 0; i < reads.size(); i++) {
      reads.get(i).put(fields, i * ReadFields.COUNT);
    }
    int[] bands = reads.stream().flatMapToInt(read -> Arrays.stream(read.bands())).toArray();
    int[] failed = new int[1];
    byte[] message = new byte[MESSAGE_SIZE];
    int status = read(fields, bands, threads, failed, message);
    if (status == CORRUPT) {
      throw new CorruptTileException(failed[0], text(message));
    }
    check(status, message);
  }

  /**
   * Decodes and checks the tiles of a window without storing their pixels.
   *
   * @throws CorruptTileException as {@link #read}
   */
  public void check(Window window, int[] bands, int threads) throws CorruptTileException {
    read(List.of(new Read(this, window, bands, null)), threads);
  }

  private static void check(int status, byte[] message) {
    if (status == NO_MEMORY) {
      throw new OutOfMemoryError(text(message));
    }
    if (status != OK) {
      throw new IndexOutOfBoundsException(text(message));
    }
  }

  private static String text(byte[] message) {
    int end = 0;
    while (message[end] != 0) {
      end++;
    }
    return new String(message, 0, end, StandardCharsets.UTF_8);
  }

  private static native int describe(long file, long size, int[] image, byte[] message);

  private static native int read(
      long[] reads, int[] bands, int threads, int[] failed, byte[] message);
}
