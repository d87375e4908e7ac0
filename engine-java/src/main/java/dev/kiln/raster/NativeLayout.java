package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.tiles.UnsupportedTiffException;
import dev.kiln.type.PixelType;
import java.nio.ByteOrder;

/**
 * Describes an image of a TIFF for the native decoder, or the property that it does not support.
 */
final class NativeLayout {
  private static final int UNCOMPRESSED = 1;
  private static final int DEFLATE = 8;
  private static final int OLD_DEFLATE = 32946;
  private static final int ZSTD = 50000;

  private NativeLayout() {}

  /**
   * Describes an image.
   *
   * @param image the image's directory
   * @param layout what {@link CogLayout} has read from it
   * @param tiled whether the image has tiles, not strips
   * @throws UnsupportedTiffException if the native decoder does not support the image
   */
  static TiledTiff.Layout of(TiffDirectory image, CogLayout layout, boolean tiled)
      throws UnsupportedTiffException {
    if (!tiled) {
      throw new UnsupportedTiffException("strips instead of tiles");
    }
    if (!image.has(TiffTags.PHOTOMETRIC)) {
      throw new UnsupportedTiffException("no photometric interpretation");
    }
    long photometric = number(image, TiffTags.PHOTOMETRIC, "photometric interpretation");
    if (photometric != 1 && photometric != 2) { // grey or RGB
      throw new UnsupportedTiffException("photometric interpretation " + photometric);
    }
    requireOne(image, TiffTags.FILL_ORDER, "fill order");
    requireOne(image, TiffTags.ORIENTATION, "orientation");
    requireOne(image, TiffTags.IMAGE_DEPTH, "image depth");
    requireOne(image, TiffTags.TILE_DEPTH, "tile depth");
    PixelType type = pixelType(layout);
    int compression = compression(layout.compression());
    boolean interleaved = layout.interleaved() && layout.bands() > 1;
    long pixelBytes = (long) (interleaved ? layout.bands() : 1) * type.bytes();
    if ((long) layout.tileWidth() * layout.tileHeight() > TiledTiff.MAX_TILE_BYTES / pixelBytes) {
      throw new UnsupportedTiffException(
          "tiles of more than %d MiB".formatted(TiledTiff.MAX_TILE_BYTES >> 20));
    }
    return new TiledTiff.Layout(
        layout.width(),
        layout.height(),
        layout.bands(),
        type,
        layout.tileWidth(),
        layout.tileHeight(),
        interleaved,
        image.order() == ByteOrder.BIG_ENDIAN,
        compression,
        predictor(layout, type, compression));
  }

  private static void requireOne(TiffDirectory image, int tag, String name)
      throws UnsupportedTiffException {
    long value = number(image, tag, name);
    if (value != 1) {
      throw new UnsupportedTiffException(name + " " + value);
    }
  }

  private static long number(TiffDirectory image, int tag, String name)
      throws UnsupportedTiffException {
    try {
      return image.number(tag, name, 1);
    } catch (SceneException e) {
      throw new UnsupportedTiffException(e.reason());
    }
  }

  private static PixelType pixelType(CogLayout layout) throws UnsupportedTiffException {
    int bits = layout.bits();
    int format = layout.format();
    if (format == 1 && bits == 8) {
      return PixelType.UINT8;
    } else if (format == 1 && bits == 16) {
      return PixelType.UINT16;
    } else if (format == 2 && bits == 16) {
      return PixelType.INT16;
    } else if (format == 3 && bits == 32) {
      return PixelType.FLOAT32;
    }
    throw new UnsupportedTiffException(
        "samples of %d bits in sample format %d".formatted(bits, format));
  }

  private static int compression(int scheme) throws UnsupportedTiffException {
    return switch (scheme) {
      case UNCOMPRESSED, DEFLATE, ZSTD -> scheme;
      case OLD_DEFLATE -> DEFLATE;
      case 5 -> throw new UnsupportedTiffException("compression 5 (LZW)");
      case 7 -> throw new UnsupportedTiffException("compression 7 (JPEG)");
      default -> throw new UnsupportedTiffException("compression " + scheme);
    };
  }

  private static int predictor(CogLayout layout, PixelType type, int compression)
      throws UnsupportedTiffException {
    // As libtiff, ignores the predictor of uncompressed images.
    int predictor = compression == UNCOMPRESSED ? 1 : layout.predictor();
    if (predictor == 3 && type != PixelType.FLOAT32) {
      throw new UnsupportedTiffException(
          "predictor 3 of samples of %d bytes".formatted(type.bytes()));
    }
    return predictor;
  }
}
