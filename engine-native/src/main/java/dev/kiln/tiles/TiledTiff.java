package dev.kiln.tiles;

import dev.kiln.memory.HostBuffer;
import dev.kiln.type.PixelType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The first image of a tiled TIFF or BigTIFF in host memory, decoded by Kiln's own native code:
 * DEFLATE, zstd or no compression, predictors 1 to 3, either byte order, pixel-interleaved or
 * planar. Reads the directory and the tiles that a window touches, and no other byte of the file.
 *
 * <p>Borrows the bytes and holds nothing of its own, so there is nothing to close. Any number of
 * threads may read at once.
 */
@Platform(library = "jnitiles")
public final class TiledTiff {
  private static final int OK = 0;
  private static final int UNSUPPORTED = 1;
  private static final int CORRUPT = 2;
  private static final int NO_MEMORY = 3;
  private static final int MESSAGE_SIZE = 256;

  /** Numbers that stand for one read in the native code. */
  private static final int FIELDS = 14;

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
   * Where pixels go: pixel (i, j) of the k-th band at byte {@code offset + k·bandStride +
   * j·lineStride + i·pixelStride}, in host byte order. Strides are not negative.
   *
   * @param memory borrowed
   * @param offset byte of the first pixel of the first band
   * @param pixelStride bytes from pixel to pixel
   * @param lineStride bytes from line to line
   * @param bandStride bytes from band to band
   * @param fill the pixel, in host byte order in the low bytes, of tiles that the file leaves out
   */
  public record Target(
      HostBuffer memory,
      long offset,
      long pixelStride,
      long lineStride,
      long bandStride,
      int fill) {}

  /**
   * A window of a file and where it goes.
   *
   * @param window inside the image
   * @param bands their numbers, from 1
   * @param target null to decode and check the tiles, but place their pixels nowhere
   */
  public record Read(TiledTiff tiff, Window window, int[] bands, Target target) {
    /** As the native code takes it. */
    private long[] fields() {
      HostBuffer file = tiff.file;
      Target to = target == null ? NOWHERE : target;
      HostBuffer memory = to.memory();
      return new long[] {
        file.address(),
        file.size(),
        window.x(),
        window.y(),
        window.width(),
        window.height(),
        bands.length,
        memory == null ? 0 : memory.address(),
        memory == null ? 0 : memory.size(),
        to.offset(),
        to.pixelStride(),
        to.lineStride(),
        to.bandStride(),
        to.fill()
      };
    }
  }

  private TiledTiff(HostBuffer file, int[] image) {
    this.file = file;
    this.image = image;
  }

  /**
   * @param file the whole file, borrowed; parts that are never read may hold anything
   * @throws UnsupportedTiffException if this decoder cannot read its first image
   * @throws IllegalStateException if the native library does not load; one line says why
   */
  public static TiledTiff open(HostBuffer file) throws UnsupportedTiffException {
    Library.load();
    int[] image = new int[7];
    byte[] message = new byte[MESSAGE_SIZE];
    int status = describe(file.address(), file.size(), image, message);
    if (status == UNSUPPORTED) {
      throw new UnsupportedTiffException(text(message));
    }
    check(status, message);
    return new TiledTiff(file, image);
  }

  /** Columns in pixels. */
  public int width() {
    return image[0];
  }

  /** Rows in pixels. */
  public int height() {
    return image[1];
  }

  public int bands() {
    return image[2];
  }

  public PixelType type() {
    return PixelType.ofCode(image[3]);
  }

  /** Columns of a tile in pixels. */
  public int tileWidth() {
    return image[4];
  }

  /** Rows of a tile in pixels. */
  public int tileHeight() {
    return image[5];
  }

  /** Whether the bands of a pixel lie together. */
  public boolean interleaved() {
    return image[6] != 0;
  }

  /**
   * Reads pixels as they are stored. The tiles of all windows are dealt to the same threads, so
   * that none waits while another window still has tiles.
   *
   * @param threads that decode tiles, the caller's among them
   * @throws CorruptTileException if a tile cannot be decoded, of several the first; the targets
   *     then hold anything
   * @throws IndexOutOfBoundsException if a window or a band is not in its image, or a target leaves
   *     its memory
   */
  public static void read(List<Read> reads, int threads) throws CorruptTileException {
    if (reads.isEmpty()) {
      // Then perhaps no file was opened, and the native code not loaded.
      return;
    }
    long[] fields = new long[FIELDS * reads.size()];
    int at = 0;
    for (Read read : reads) {
      for (long field : read.fields()) {
        fields[at++] = field;
      }
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
   * Decodes the tiles of a window and checks them, but places their pixels nowhere.
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

  /** Loads the native code once. */
  private static final class Library {
    private static final LinkageError FAILURE = tryToLoad();

    private static LinkageError tryToLoad() {
      try {
        Loader.load(TiledTiff.class);
        return null;
      } catch (LinkageError e) {
        return e;
      }
    }

    static void load() {
      if (FAILURE != null) {
        throw new IllegalStateException(
            "tile decoder: the native library does not load ("
                + FAILURE.getMessage()
                + "): apt-get install libdeflate-dev libzstd-dev and rebuild Kiln on this machine",
            FAILURE);
      }
    }
  }
}
