package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.function.IntPredicate;

/**
 * Cloud share and nodata share of each chip, counted on the scene's grid: a pixel of a coarser mask
 * counts for every grid pixel that it covers.
 */
public final class ChipShares {
  private static final int CLOUD = 1;
  private static final int NODATA = 2;

  /** Limit on the bytes of a strip of a mask. */
  public static final long MOST_STRIP_BYTES = 64 << 20;

  private final int chips;

  /** Pixels of each chip; empty if all counts are 0. */
  private final int[] cloud;

  private final int[] nodata;
  private final double chipPixels;

  private ChipShares(int chips, int chipSize, boolean counted) {
    this.chips = chips;
    this.cloud = new int[counted ? chips : 0];
    this.nodata = new int[counted ? chips : 0];
    this.chipPixels = (double) chipSize * chipSize;
  }

  /** Returns shares of 0 for all chips. */
  public static ChipShares none(ChipGrid grid) {
    return new ChipShares(grid.size(), grid.chipSize(), false);
  }

  /**
   * Counts the pixels of a classification band. Pixels that its file excludes by a mask, an alpha
   * band, an unwritten tile or a nodata value have no data, whatever their class is.
   *
   * @param mask band on the scene's grid, from {@link SceneRaster#ofMask}
   * @param nodata values that mean "no data" according to the file or its description
   * @param grid chips of the scene
   * @param wanted grid indices of the chips whose pixels are counted; others have shares of 0
   * @param isCloud whether a value means cloud
   * @param isNodata whether a value means no data
   * @throws SceneException permanent if the band is not uint8 or uint16, or cannot be decoded
   */
  public static ChipShares of(
      SceneRaster mask,
      double[] nodata,
      ChipGrid grid,
      BitSet wanted,
      IntPredicate isCloud,
      IntPredicate isNodata)
      throws SceneException {
    byte[] meaning = meaning(mask, nodata, isCloud, isNodata);
    ChipShares shares = new ChipShares(grid.size(), grid.chipSize(), true);
    try (BufferPool memory = new BufferPool()) {
      for (StripWindow window : grid.strips(mask.cut(MOST_STRIP_BYTES), wanted)) {
        try (Strip strip = mask.read(window, memory);
            FileValidity validity = mask.validity(window, memory)) {
          for (int chipIndex : grid.chips(window, wanted)) {
            shares.count(chipIndex, strip, validity, window, mask, grid, meaning);
          }
        }
      }
    }
    return shares;
  }

  private static byte[] meaning(
      SceneRaster mask, double[] nodata, IntPredicate isCloud, IntPredicate isNodata)
      throws SceneException {
    PixelType type = mask.type();
    if (type != PixelType.UINT8 && type != PixelType.UINT16) {
      throw SceneException.permanent(
          mask.objectKey(), "expected a mask of type uint8 or uint16, found " + type);
    }
    byte[] meaning = new byte[1 << (8 * type.bytes())];
    for (int value = 0; value < meaning.length; value++) {
      meaning[value] =
          (byte) ((isCloud.test(value) ? CLOUD : 0) | (isNodata.test(value) ? NODATA : 0));
    }
    for (double value : nodata) {
      if (UnwrittenTiles.stores(type, value)) {
        meaning[(int) value] = NODATA;
      }
    }
    return meaning;
  }

  private void count(
      int chipIndex,
      Strip strip,
      FileValidity validity,
      StripWindow window,
      SceneRaster mask,
      ChipGrid grid,
      byte[] meaning) {
    BandPlane plane = strip.bands().get(0);
    ByteBuffer raw = strip.raw();
    FileValidity.Plane known = validity.plane(0).orElse(null);
    ByteBuffer view = known == null ? null : known.view();
    int repeat = plane.repeat();
    int size = grid.chipSize();
    int left = grid.left(chipIndex) - window.firstColumn();
    int top = grid.top(chipIndex) - strip.firstRow();
    // Pixels beyond the edge of the scene have no data.
    int right = Math.min(left + size, mask.width() - window.firstColumn());
    int bottom = Math.min(top + size, mask.height() - strip.firstRow());
    int cloudy = 0;
    int missing = size * size - (right - left) * (bottom - top);
    for (int y = top / repeat; y * repeat < bottom; y++) {
      int high = overlap(y * repeat, repeat, top, bottom);
      for (int x = left / repeat; x * repeat < right; x++) {
        int at = Math.toIntExact(plane.byteOf(x, y));
        int value =
            plane.type() == PixelType.UINT8 ? raw.get(at) & 0xFF : raw.getShort(at) & 0xFFFF;
        boolean excluded = view != null && known.at(view, x, y) != FileValidity.VALID;
        int means = excluded ? NODATA : meaning[value];
        if (means != 0) {
          int pixels = high * overlap(x * repeat, repeat, left, right);
          cloudy += (means & CLOUD) != 0 ? pixels : 0;
          missing += (means & NODATA) != 0 ? pixels : 0;
        }
      }
    }
    cloud[chipIndex] = cloudy;
    nodata[chipIndex] = missing;
  }

  /** Returns the length of the intersection of {@code [a, a + length)} and {@code [b, end)}. */
  private static int overlap(int a, int length, int b, int end) {
    return Math.min(a + length, end) - Math.max(a, b);
  }

  /** Returns a chip's share of cloudy pixels, 0 to 1. */
  public double cloud(int chipIndex) {
    return cloud.length == 0 ? 0 : cloud[chipIndex] / chipPixels;
  }

  /** Returns a chip's share of pixels without data, 0 to 1. */
  public double nodata(int chipIndex) {
    return nodata.length == 0 ? 0 : nodata[chipIndex] / chipPixels;
  }

  /**
   * Returns the indices of the chips to embed.
   *
   * @param maxCloud largest accepted cloud share
   * @param maxNodata largest accepted nodata share
   */
  public BitSet surviving(double maxCloud, double maxNodata) {
    BitSet surviving = new BitSet(chips);
    for (int i = 0; i < chips; i++) {
      surviving.set(i, cloud(i) <= maxCloud && nodata(i) <= maxNodata);
    }
    return surviving;
  }
}
