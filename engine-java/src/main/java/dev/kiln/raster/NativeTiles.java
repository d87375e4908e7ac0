package dev.kiln.raster;

import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.tiles.UnsupportedTiffException;
import dev.kiln.type.PixelType;
import java.util.OptionalDouble;

/**
 * A file whose tiles the native decoder reads.
 *
 * @param tiff native view of the file; borrows its bytes
 * @param fill pixel value of tiles that the file omits
 */
record NativeTiles(TiledTiff tiff, int fill) {
  /**
   * Opens a file for the native decoder.
   *
   * @param file the same file, opened by GDAL
   * @param bytes bytes of the file, borrowed
   * @throws UnsupportedTiffException if GDAL has to decode the file
   */
  static NativeTiles of(CogFile file, HostBuffer bytes) throws UnsupportedTiffException {
    CogLayout layout =
        file.layout()
            .orElseThrow(() -> new UnsupportedTiffException("a directory that only GDAL reads"));
    TiledTiff tiff = layout.tiled(bytes);
    TiledTiff.Layout image = tiff.layout();
    if (image.width() != file.width()
        || image.height() != file.height()
        || image.bands() != file.bands()
        || image.type() != file.type()
        || image.tileWidth() != file.tileWidth()
        || image.tileHeight() != file.tileHeight()
        || image.interleaved() != file.interleaved()) {
      throw new UnsupportedTiffException("GDAL describes the image differently");
    }
    return new NativeTiles(tiff, pixel(file.type(), file.nodata(1)));
  }

  /**
   * Returns the pixel that GDAL reads from an omitted tile: nodata, rounded and clamped to the
   * type.
   */
  static int pixel(PixelType type, OptionalDouble nodata) {
    double value = nodata.orElse(0);
    return switch (type) {
      case UINT8 -> nearest(value, 0, 0xFF);
      case UINT16 -> nearest(value, 0, 0xFFFF);
      case INT16 -> nearest(value, Short.MIN_VALUE, Short.MAX_VALUE);
      case FLOAT32 -> Float.floatToRawIntBits((float) value);
    };
  }

  private static int nearest(double value, int least, int most) {
    // Halves are rounded away from zero; NaN becomes 0.
    long rounded = (long) (value + Math.copySign(0.5, value));
    return (int) Math.max(least, Math.min(most, rounded));
  }

  /** Converts a read to the native decoder's form. */
  TiledTiff.Read read(TileRead read) {
    CogFile.BandLayout layout = read.layout();
    TiledTiff.Target target =
        new TiledTiff.Target(
            read.into(),
            layout.offset(),
            layout.pixelStride(),
            layout.lineStride(),
            layout.bandStride(),
            fill);
    return new TiledTiff.Read(tiff, read.stored(), read.bands(), target);
  }
}
