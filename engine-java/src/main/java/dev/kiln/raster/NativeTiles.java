package dev.kiln.raster;

import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.tiles.UnsupportedTiffException;
import dev.kiln.type.PixelType;
import java.util.OptionalDouble;

/**
 * The tiles of a file that Kiln's native code decodes.
 *
 * @param tiff borrows the file's bytes
 * @param fill the pixel that stands where the file leaves a tile out
 */
record NativeTiles(TiledTiff tiff, int fill) {
  /**
   * @param file as GDAL sees it
   * @param bytes borrowed
   * @throws UnsupportedTiffException if GDAL has to decode it
   */
  static NativeTiles of(CogFile file, HostBuffer bytes) throws UnsupportedTiffException {
    TiledTiff tiff = TiledTiff.open(bytes);
    if (tiff.width() != file.width()
        || tiff.height() != file.height()
        || tiff.bands() != file.bands()
        || tiff.type() != file.type()
        || tiff.tileWidth() != file.tileWidth()
        || tiff.tileHeight() != file.tileHeight()
        || tiff.interleaved() != file.interleaved()) {
      throw new UnsupportedTiffException("GDAL sees another image in the file");
    }
    return new NativeTiles(tiff, pixel(file.type(), file.nodata(1)));
  }

  /**
   * What GDAL puts where the file leaves a tile out: nodata as the nearest value that the type has.
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
    // Halves go away from zero; not a number becomes 0.
    long rounded = (long) (value + Math.copySign(0.5, value));
    return (int) Math.max(least, Math.min(most, rounded));
  }

  /** The same read as the native code takes it. */
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
    return new TiledTiff.Read(tiff, read.window(), read.bands(), target);
  }
}
