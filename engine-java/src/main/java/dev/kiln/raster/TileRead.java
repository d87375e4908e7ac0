package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.CorruptTileException;
import dev.kiln.tiles.TiledTiff;
import java.util.ArrayList;
import java.util.List;

/**
 * A window of a file, to be read in the file's own pixel type.
 *
 * @param file borrowed
 * @param bands their numbers, from 1
 * @param window inside the file
 * @param into receives the pixels, borrowed
 * @param layout where in it
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
          file.key() + ": window ends at byte " + end + " of a buffer of " + into.size());
    }
  }

  /**
   * Reads windows. The native decoder deals the tiles of all of them to the same threads, so that
   * none waits while another window still has tiles.
   *
   * @param threads that decode tiles natively
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
          files.get(e.read()).key(), "pixels cannot be decoded: " + e.getMessage(), e);
    }
  }
}
