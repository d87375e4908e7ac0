package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.GDALGetMaskBand;
import static dev.kiln.gdal.global.gdal.GDALGetMaskFlags;
import static dev.kiln.gdal.global.gdal.GDALGetRasterDataType;
import static dev.kiln.gdal.global.gdal.GDALRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDT_Byte;
import static dev.kiln.gdal.global.gdal.GDT_Float32;
import static dev.kiln.gdal.global.gdal.GDT_UInt16;
import static dev.kiln.gdal.global.gdal.GF_Read;
import static dev.kiln.gdal.global.gdal.kilnOwnMessages;

import dev.kiln.error.SceneException;
import dev.kiln.gdal.GDALRasterBandH;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The band that tells which pixels of a file are valid: its internal mask, that of a file beside
 * it, or an alpha band.
 */
final class ValidityBand {
  private static final int MASK_PER_DATASET = 0x02; // GMF_PER_DATASET
  private static final int MASK_ALPHA = 0x04; // GMF_ALPHA
  private static final int MASK_NODATA = 0x08; // GMF_NODATA

  private final CogFile file;
  private final GdalFile source;
  private final GDALRasterBandH band;

  private ValidityBand(CogFile file, GdalFile source, GDALRasterBandH band) {
    this.file = file;
    this.source = source;
    this.band = band;
  }

  /**
   * Returns the band of a file, if it has one. An alpha band counts unless it is itself among the
   * bands in use: NAIP files tag near infrared as alpha. As in GDAL, an internal mask comes before
   * that of a file beside the image.
   *
   * @param used band numbers in use, from 1
   */
  static Optional<ValidityBand> of(CogFile file, Set<Integer> used) {
    GDALRasterBandH first = file.gdal().band(1);
    int flags = GDALGetMaskFlags(first);
    if ((flags & MASK_PER_DATASET) != 0 && (flags & (MASK_ALPHA | MASK_NODATA)) == 0) {
      return Optional.of(new ValidityBand(file, file.gdal(), GDALGetMaskBand(first)));
    }
    if (file.mask().isPresent()) {
      GdalFile mask = file.mask().get();
      return Optional.of(new ValidityBand(file, mask, mask.band(1)));
    }
    int alpha = file.layout().map(CogLayout::alphaBand).orElse(0);
    return alpha > 0 && !used.contains(alpha)
        ? Optional.of(new ValidityBand(file, file.gdal(), file.gdal().band(alpha)))
        : Optional.empty();
  }

  /**
   * Reads a window of the north-up image.
   *
   * @param columns columns of the plane to read
   * @param left column of the image at which the plane starts
   * @param y row of the image at which the plane starts
   * @param h rows
   * @param plane receives {@link FileValidity#MISSING} and {@link FileValidity#VALID}
   * @throws SceneException permanent if a tile cannot be decoded
   */
  void read(StripWindow.Span columns, int left, int y, int h, FileValidity.Plane plane)
      throws SceneException {
    CPLErrorReset();
    long before = kilnOwnMessages();
    boolean flippedX = file.flippedX();
    boolean flippedY = file.flippedY();
    int w = columns.length();
    int x = left + columns.begin();
    ByteBuffer view = plane.view();
    // As bytes, fractions would be rounded to 0, and negative values clamped.
    boolean bytes = GDALGetRasterDataType(band) == GDT_Byte || isUnsigned();
    int size = bytes ? 1 : Float.BYTES;
    try (BytePointer wide = bytes ? null : new BytePointer((long) w * h * size)) {
      Pointer into = bytes ? plane.bytes().pointer() : wide;
      long line = bytes ? plane.width() : w;
      // Negative strides flip the window. Positions are in bytes.
      long first = (bytes ? columns.begin() : 0) + (flippedX ? w - 1 : 0);
      first += flippedY ? (h - 1) * line : 0;
      int result =
          GDALRasterIOEx(
              band,
              GF_Read,
              flippedX ? file.width() - x - w : x,
              flippedY ? file.height() - y - h : y,
              w,
              h,
              into.position(first * size),
              w,
              h,
              bytes ? GDT_Byte : GDT_Float32,
              flippedX ? -size : size,
              (flippedY ? -line : line) * size,
              null);
      if (result != CE_None || kilnOwnMessages() != before) {
        throw SceneException.permanent(
            file.objectKey(),
            "cannot decode the mask of rows %d to %d: %s".formatted(y, y + h - 1, source.error()));
      }
      FloatBuffer values =
          bytes
              ? null
              : wide.position(0).asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
      for (int row = 0; row < h; row++) {
        for (int column = 0; column < w; column++) {
          int i = row * plane.width() + columns.begin() + column;
          boolean valid = bytes ? view.get(i) != 0 : values.get(row * w + column) != 0;
          view.put(i, valid ? FileValidity.VALID : FileValidity.MISSING);
        }
      }
    }
  }

  private boolean isUnsigned() {
    return GDALGetRasterDataType(band) == GDT_UInt16;
  }
}
