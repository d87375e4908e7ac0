package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.CorruptTileException;
import dev.kiln.tiles.TiledTiff;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A window to read from a file, in the file's own pixel type and in north-up coordinates. Files of
 * another orientation are read as stored and then flipped in the buffer.
 *
 * @param file file, borrowed
 * @param bands band numbers, from 1
 * @param window window within the file
 * @param into buffer that receives the pixels, borrowed
 * @param layout layout of the pixels in the buffer
 */
record TileRead(
    CogFile file,
    int[] bands,
    TiledTiff.Window window,
    HostBuffer into,
    CogFile.BandLayout layout) {

  /** Returns the window in the coordinates of the stored image. */
  TiledTiff.Window stored() {
    return new TiledTiff.Window(
        file.flippedX() ? file.width() - window.x() - window.width() : window.x(),
        file.flippedY() ? file.height() - window.y() - window.height() : window.y(),
        window.width(),
        window.height());
  }

  TileRead {
    long end =
        layout.offset()
            + (bands.length - 1) * layout.bandStride()
            + (window.height() - 1) * layout.lineStride()
            + (window.width() - 1L) * layout.pixelStride()
            + file.type().bytes();
    if (end > into.size()) {
      throw new IndexOutOfBoundsException(
          file.objectKey() + ": window ends at byte " + end + " of a buffer of " + into.size());
    }
  }

  /**
   * Reads windows. The native decoder shares the tiles of all windows among its threads, so that no
   * thread is idle while a window has tiles left.
   *
   * @param reads windows to read
   * @param threads number of native decoder threads
   * @throws SceneException permanent if a tile cannot be decoded
   */
  static void all(List<TileRead> reads, int threads) throws SceneException {
    List<CogFile> files = new ArrayList<>();
    List<TiledTiff.Read> natively = new ArrayList<>();
    for (TileRead read : reads) {
      NativeTiles tiles = read.file.nativeTiles().orElse(null);
      if (tiles == null) {
        GdalTiles.read(read);
      } else {
        files.add(read.file);
        natively.add(tiles.read(read));
      }
    }
    try {
      TiledTiff.read(natively, threads);
      reads.forEach(TileRead::flip);
    } catch (CorruptTileException e) {
      throw SceneException.permanent(
          files.get(e.read()).objectKey(), "cannot decode pixels: " + e.getMessage(), e);
    }
  }

  /** Flips the pixels in the buffer if the file is not north-up. */
  private void flip() {
    if (!file.flippedX() && !file.flippedY()) {
      return;
    }
    int pixel = file.type().bytes();
    // Whole pixels where all bands of a pixel are adjacent, else one band after the other.
    boolean together =
        layout.bandStride() == pixel && layout.pixelStride() == (long) pixel * bands.length;
    int unit = together ? pixel * bands.length : pixel;
    for (int k = 0; k < (together ? 1 : bands.length); k++) {
      flip(layout.offset() + k * layout.bandStride(), unit);
    }
  }

  private void flip(long first, int unit) {
    int height = window.height();
    int lineBytes = Math.toIntExact((window.width() - 1) * layout.pixelStride() + unit);
    byte[] upper = new byte[lineBytes];
    byte[] lower = new byte[lineBytes];
    for (int y = 0; y < (file.flippedY() ? (height + 1) / 2 : height); y++) {
      int partner = file.flippedY() ? height - 1 - y : y;
      ByteBuffer above = into.slice(first + y * layout.lineStride(), lineBytes);
      ByteBuffer below = into.slice(first + partner * layout.lineStride(), lineBytes);
      above.get(0, upper);
      below.get(0, lower);
      write(above, lower, upper, unit);
      if (partner != y) {
        write(below, upper, lower, unit);
      }
    }
  }

  /**
   * Writes the pixels of a line over another one, reversed if the file is stored from east to west.
   *
   * @param from bytes of the line
   * @param old bytes of the line that is overwritten; those between pixels stay
   */
  private void write(ByteBuffer line, byte[] from, byte[] old, int unit) {
    int stride = Math.toIntExact(layout.pixelStride());
    byte[] to = stride == unit && !file.flippedX() ? from : old.clone();
    if (to != from) {
      for (int x = 0; x < window.width(); x++) {
        int source = (file.flippedX() ? window.width() - 1 - x : x) * stride;
        System.arraycopy(from, source, to, x * stride, unit);
      }
    }
    line.put(0, to);
  }
}
