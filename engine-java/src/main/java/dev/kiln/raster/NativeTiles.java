package dev.kiln.raster;

import dev.kiln.decode.CorruptTileException;
import dev.kiln.decode.TiledTiff;
import dev.kiln.decode.UnsupportedTiffException;
import dev.kiln.fault.SceneFault;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.PixelType;
import java.util.OptionalDouble;

/** Tiles decoded by Kiln's native code. */
final class NativeTiles implements TileDecoder {
  private final String key;
  private final TiledTiff tiff;
  private final int fill;
  private final int threads;

  private NativeTiles(String key, TiledTiff tiff, int fill, int threads) {
    this.key = key;
    this.tiff = tiff;
    this.fill = fill;
    this.threads = threads;
  }

  /**
   * @param file as GDAL sees it
   * @param bytes borrowed
   * @throws UnsupportedTiffException if GDAL has to decode it
   */
  static NativeTiles of(CogFile file, HostBuffer bytes, int threads)
      throws UnsupportedTiffException {
    TiledTiff tiff = TiledTiff.open(bytes);
    if (tiff.width() != file.width()
        || tiff.height() != file.height()
        || tiff.bands() != file.bands()
        || tiff.type() != file.type()
        || tiff.tileHeight() != file.tileHeight()
        || tiff.interleaved() != file.interleaved()) {
      throw new UnsupportedTiffException("GDAL sees another image in the file");
    }
    return new NativeTiles(file.key(), tiff, pixel(file.type(), file.nodata(1)), threads);
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

  @Override
  public Decoder kind() {
    return Decoder.NATIVE;
  }

  @Override
  public void read(
      int[] bands, int x, int y, int w, int h, HostBuffer into, CogFile.BandLayout layout)
      throws SceneFault {
    TiledTiff.Target target =
        new TiledTiff.Target(
            into,
            layout.offset(),
            layout.pixelStride(),
            layout.lineStride(),
            layout.bandStride(),
            fill);
    try {
      tiff.read(new TiledTiff.Window(x, y, w, h), bands, target, threads);
    } catch (CorruptTileException e) {
      throw SceneFault.permanent(key, "pixels cannot be decoded: " + e.getMessage(), e);
    }
  }
}
