package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GF_Read;

import dev.kiln.fault.SceneFault;
import dev.kiln.memory.HostBuffer;

/** Tiles decoded by GDAL, on the threads that the dataset was opened with. */
final class GdalTiles implements TileDecoder {
  private final CogFile file;

  GdalTiles(CogFile file) {
    this.file = file;
  }

  @Override
  public Decoder kind() {
    return Decoder.GDAL;
  }

  @Override
  public void read(
      int[] bands, int x, int y, int w, int h, HostBuffer into, CogFile.BandLayout layout)
      throws SceneFault {
    if (file.interleaved()) {
      readAtOnce(bands, x, y, w, h, into, layout.offset(), layout);
      return;
    }
    // Of a planar file GDAL 3.6, if it reads on threads, strides to a band's number in the file and
    // not among those asked for, and so out of the buffer: one band at a time, without a stride.
    for (int k = 0; k < bands.length; k++) {
      long offset = layout.offset() + k * layout.bandStride();
      readAtOnce(new int[] {bands[k]}, x, y, w, h, into, offset, layout);
    }
  }

  private void readAtOnce(
      int[] bands,
      int x,
      int y,
      int w,
      int h,
      HostBuffer into,
      long offset,
      CogFile.BandLayout layout)
      throws SceneFault {
    CPLErrorReset();
    int result =
        GDALDatasetRasterIOEx(
            file.dataset(),
            GF_Read,
            x,
            y,
            w,
            h,
            into.pointer().position(offset),
            w,
            h,
            CogFile.gdalType(file.type()),
            bands.length,
            bands,
            layout.pixelStride(),
            layout.lineStride(),
            file.interleaved() ? layout.bandStride() : 0,
            null);
    if (result != CE_None) {
      throw SceneFault.permanent(
          file.key(),
          "pixels of rows %d to %d cannot be decoded: %s"
              .formatted(y, y + h - 1, file.gdalError()));
    }
  }
}
