package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GF_Read;

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

  private static void read(TileRead read, int[] bands, long offset, long bandStride)
      throws SceneException {
    CogFile file = read.file();
    TiledTiff.Window window = read.stored();
    int y = window.y();
    int w = window.width();
    int h = window.height();
    CPLErrorReset();
    int result =
        GDALDatasetRasterIOEx(
            file.dataset(),
            GF_Read,
            window.x(),
            y,
            w,
            h,
            read.into().pointer().position(offset),
            w,
            h,
            GdalFile.gdalType(file.type()),
            bands.length,
            bands,
            read.layout().pixelStride(),
            read.layout().lineStride(),
            bandStride,
            null);
    if (result != CE_None) {
      throw SceneException.permanent(
          file.objectKey(),
          "cannot decode pixels of rows %d to %d: %s".formatted(y, y + h - 1, file.gdal().error()));
    }
  }
}
