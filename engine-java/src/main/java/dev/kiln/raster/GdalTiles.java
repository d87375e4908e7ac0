package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterDataType;
import static dev.kiln.gdal.global.gdal.GF_Read;

import dev.kiln.fault.SceneFault;
import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.memory.HostBuffer;

/** Tiles decoded by GDAL. */
final class GdalTiles implements TileDecoder {
  private final String key;
  private final GdalFile file;

  private GdalTiles(String key, GdalFile file) {
    this.key = key;
    this.file = file;
  }

  /**
   * @param bytes borrowed
   * @param separate whether each of several bands has tiles of its own
   */
  static GdalTiles open(String key, HostBuffer bytes, boolean separate, int threads)
      throws SceneFault {
    // On threads, GDAL before 3.7.1 mixes up the bands of such files and corrupts its memory.
    return new GdalTiles(key, GdalFile.open(key, bytes, separate ? 1 : threads));
  }

  @Override
  public Decoder kind() {
    return Decoder.GDAL;
  }

  @Override
  public void read(int[] bands, int x, int y, int w, int h, HostBuffer into, BandLayout layout)
      throws SceneFault {
    GDALDatasetH dataset = file.dataset();
    CPLErrorReset();
    int result =
        GDALDatasetRasterIOEx(
            dataset,
            GF_Read,
            x,
            y,
            w,
            h,
            into.pointer().position(layout.offset()),
            w,
            h,
            GDALGetRasterDataType(GDALGetRasterBand(dataset, 1)),
            bands.length,
            bands,
            layout.pixelStride(),
            layout.lineStride(),
            layout.bandStride(),
            null);
    if (result != CE_None) {
      throw SceneFault.permanent(
          key,
          "pixels of rows %d to %d cannot be decoded: %s"
              .formatted(y, y + h - 1, file.complaint()));
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
