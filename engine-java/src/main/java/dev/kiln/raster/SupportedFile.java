package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.type.PixelType;
import java.util.Map;
import java.util.Set;

/** Checks that Kiln reads a file as it is meant. */
final class SupportedFile {
  private static final int SIGNED = 2; // TIFF sample format

  /** Photometric interpretations whose values are measurements. */
  private static final Set<Integer> MEASURED_COLOURS = Set.of(1, 2);

  private static final int PALETTE = 3;
  private static final int YCBCR = 6;
  private static final int JPEG = 7; // TIFF compression

  private static final Map<Integer, String> COLOURS =
      Map.of(
          0,
          "MinIsWhite",
          PALETTE,
          "palette",
          4,
          "mask",
          5,
          "CMYK",
          YCBCR,
          "YCbCr",
          8,
          "CIELab",
          9,
          "ICCLab",
          10,
          "ITULab");

  private SupportedFile() {}

  /**
   * Checks that values of the file mean what they say.
   *
   * @param file to check
   * @param classes whether values are classes and not measurements, so that a palette only colours
   *     them
   * @throws SceneException permanent for int8, which would be read as uint8, and for colours other
   *     than grey levels and RGB
   */
  static void require(CogFile file, boolean classes) throws SceneException {
    if (file.layout().isEmpty()) {
      return;
    }
    String key = file.objectKey();
    CogLayout layout = file.layout().get();
    int bits = layout.bits();
    boolean signed = layout.format() == SIGNED && bits != Short.SIZE;
    if (file.type() != PixelType.FLOAT32 && signed
        || file.type() == PixelType.UINT8 && file.beside().band(1).signed()) {
      // GDAL reads the bits as an unsigned number.
      throw SceneException.permanent(
          key, "expected pixels of type uint8, uint16, int16 or float32, found int" + bits);
    }
    requireOneMask(key, layout.mask().map(CogLayout::bands).orElse(1));
    if (file.gdal().hasNodataOfPixels()) {
      throw SceneException.permanent(
          key,
          "expected a nodata value of each band, found NODATA_VALUES for pixels: write a mask with gdal_translate -mask mask");
    }
    if (layout.fillOrder() != 1) {
      // GDAL reverses the bits of a file in memory at each read.
      throw SceneException.permanent(
          key, "expected bits in fill order 1, found 2: rewrite the file with gdal_translate");
    }
    int colours = layout.photometric();
    // GDAL decodes JPEG in YCbCr to RGB.
    boolean decoded = colours == YCBCR && layout.compression() == JPEG;
    if (!MEASURED_COLOURS.contains(colours) && !decoded && !(classes && colours == PALETTE)) {
      throw SceneException.permanent(
          key,
          "expected photometric interpretation MinIsBlack or RGB, found %s: convert the file to RGB"
              .formatted(COLOURS.getOrDefault(colours, Integer.toString(colours))));
    }
  }

  /**
   * Checks that a mask is that of all bands.
   *
   * @param key object key, for messages
   * @param masks bands of the mask
   * @throws SceneException permanent if each band has its own
   */
  static void requireOneMask(String key, int masks) throws SceneException {
    if (masks != 1) {
      throw SceneException.permanent(
          key,
          "expected a mask of all bands, found one of %d bands: write it as an alpha band with gdalwarp -dstalpha"
              .formatted(masks));
    }
  }

  /**
   * Checks that only bands that the file itself tags are alpha bands: others are not fetched as
   * such.
   *
   * @param file to check
   * @param used band numbers in use, from 1
   * @throws SceneException permanent if the file beside it states that a band is alpha
   */
  static void requireOwnAlpha(CogFile file, Set<Integer> used) throws SceneException {
    int own = file.layout().map(CogLayout::alphaBand).orElse(0);
    ImageSidecar beside = file.beside();
    for (int band = 1; band <= file.bands(); band++) {
      if (beside.band(band).colour().equals("alpha") && band != own && !used.contains(band)) {
        throw SceneException.permanent(
            file.objectKey(),
            "%1$s states that band %2$d is alpha: write that into the file with gdal_translate -colorinterp_%2$d alpha"
                .formatted(beside.name(), band));
      }
    }
  }
}
