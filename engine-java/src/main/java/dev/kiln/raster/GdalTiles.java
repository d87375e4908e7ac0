package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GF_Read;
import static dev.kiln.gdal.global.gdal.kilnMessages;
import static dev.kiln.gdal.global.gdal.kilnOwnMessage;
import static dev.kiln.gdal.global.gdal.kilnOwnMessages;

import dev.kiln.error.SceneException;
import dev.kiln.tiles.TiledTiff;

/** Decodes tiles with GDAL, on the threads that the file was opened with. */
final class GdalTiles {
  private GdalTiles() {}

  /**
   * Reads one window.
   *
   * @throws SceneException permanent if a tile cannot be decoded
   */
  static void read(TileRead read) throws SceneException {
    CogFile.BandLayout layout = read.layout();
    if (read.file().interleaved()) {
      read(read, read.bands(), layout.offset(), layout.bandStride());
      return;
    }
    // For planar files, multi-threaded reads of GDAL 3.6 compute a band's address from its number
    // in
    // the file instead of its position in the request, and write outside the buffer. Read one band
    // at a time, without a band stride.
    for (int k = 0; k < read.bands().length; k++) {
      int[] band = {read.bands()[k]};
      read(read, band, layout.offset() + k * layout.bandStride(), 0);
    }
  }

  /**
   * Reads bands on several threads. GDAL's threads keep their messages, and decoders only warn
   * about some kinds of damage; if there was any message, a second look on this thread alone tells
   * what it was about.
   */
  private static void read(TileRead read, int[] bands, long offset, long bandStride)
      throws SceneException {
    CogFile file = read.file();
    long before = kilnMessages();
    boolean done = request(read, file.gdal(), bands, offset, bandStride);
    if (done && kilnMessages() == before) {
      return;
    }
    try (GdalFile alone = file.gdal().reopened()) {
      long own = kilnOwnMessages();
      boolean again = request(read, alone, bands, offset, bandStride);
      if (again && kilnOwnMessages() == own) {
        return;
      }
      TiledTiff.Window window = read.stored();
      throw SceneException.permanent(
          file.objectKey(),
          "cannot decode pixels of rows %d to %d: %s"
              .formatted(
                  window.y(),
                  window.y() + window.height() - 1,
                  kilnOwnMessages() == own ? alone.error() : alone.named(kilnOwnMessage())));
    }
  }

  private static boolean request(
      TileRead read, GdalFile source, int[] bands, long offset, long bandStride) {
    TiledTiff.Window window = read.stored();
    CPLErrorReset();
    int result =
        GDALDatasetRasterIOEx(
            source.dataset(),
            GF_Read,
            window.x(),
            window.y(),
            window.width(),
            window.height(),
            read.into().pointer().position(offset),
            window.width(),
            window.height(),
            GdalFile.gdalType(read.file().type()),
            bands.length,
            bands,
            read.layout().pixelStride(),
            read.layout().lineStride(),
            bandStride,
            null);
    return result == CE_None;
  }
}
