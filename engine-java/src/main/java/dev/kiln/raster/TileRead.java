package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.CorruptTileException;
import dev.kiln.tiles.TiledTiff;
import java.util.ArrayList;
import java.util.List;

/**
 * A window to read from a file, in the file's own pixel type.
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
    } catch (CorruptTileException e) {
      throw SceneException.permanent(
          files.get(e.read()).objectKey(), "cannot decode pixels: " + e.getMessage(), e);
    }
  }
}
