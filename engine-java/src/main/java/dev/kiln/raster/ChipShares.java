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
 * What share of each chip's pixels is cloud and what share holds no data, counted on the scene's
 * grid: a pixel of a coarser mask counts for every grid pixel that it covers.
 */
public final class ChipShares {
  private static final int CLOUD = 1;
  private static final int NODATA = 2;

  private final double[] cloud;
  private final double[] nodata;

  private ChipShares(int chips) {
    this.cloud = new double[chips];
    this.nodata = new double[chips];
  }

  /** Shares of a scene in which nothing is masked. */
  public static ChipShares none(ChipGrid grid) {
    return new ChipShares(grid.size());
  }

  /**
   * Counts the pixels of a classification band.
   *
   * @param mask the band on the scene's grid, as {@link SceneRaster#ofMask} gives it
   * @param isCloud whether a pixel of this value is cloud
   * @param isNodata whether a pixel of this value holds no data
   * @throws SceneException permanent if it does not hold uint8 or uint16, or cannot be decoded
   */
  public static ChipShares of(
      SceneRaster mask, ChipGrid grid, IntPredicate isCloud, IntPredicate isNodata)
      throws SceneException {
    byte[] meaning = meaning(mask, isCloud, isNodata);
    ChipShares shares = new ChipShares(grid.size());
    try (BufferPool memory = new BufferPool()) {
      for (StripWindow window : grid.strips(mask.tileHeight(), mask.rowStep(), grid.all())) {
        try (Strip strip = mask.read(window, memory)) {
          BitSet chips = grid.chips(window);
          for (int i = chips.nextSetBit(0); i >= 0; i = chips.nextSetBit(i + 1)) {
            shares.count(i, strip, grid, meaning);
          }
        }
      }
    }
    return shares;
  }

  private static byte[] meaning(SceneRaster mask, IntPredicate isCloud, IntPredicate isNodata)
      throws SceneException {
    PixelType type = mask.type();
    if (type != PixelType.UINT8 && type != PixelType.UINT16) {
      throw SceneException.permanent(
          mask.key(), "a mask of uint8 or uint16 pixels expected, found " + type);
    }
    byte[] meaning = new byte[1 << (8 * type.bytes())];
    for (int value = 0; value < meaning.length; value++) {
      meaning[value] =
          (byte) ((isCloud.test(value) ? CLOUD : 0) | (isNodata.test(value) ? NODATA : 0));
    }
    return meaning;
  }

  private void count(int index, Strip strip, ChipGrid grid, byte[] meaning) {
    BandPlane plane = strip.bands().get(0);
    ByteBuffer raw = strip.raw();
    int repeat = plane.repeat();
    int left = grid.column(index);
    int top = grid.row(index) - strip.firstRow();
    long cloudy = 0;
    long missing = 0;
    for (int y = top / repeat; y * repeat < top + grid.chip(); y++) {
      int high = overlap(y * repeat, repeat, top, grid.chip());
      for (int x = left / repeat; x * repeat < left + grid.chip(); x++) {
        int at = Math.toIntExact(plane.byteOf(x, y));
        int value =
            plane.type() == PixelType.UINT8 ? raw.get(at) & 0xFF : raw.getShort(at) & 0xFFFF;
        if (meaning[value] != 0) {
          int pixels = high * overlap(x * repeat, repeat, left, grid.chip());
          cloudy += (meaning[value] & CLOUD) != 0 ? pixels : 0;
          missing += (meaning[value] & NODATA) != 0 ? pixels : 0;
        }
      }
    }
    double pixels = (double) grid.chip() * grid.chip();
    cloud[index] = cloudy / pixels;
    nodata[index] = missing / pixels;
  }

  /** How much of {@code [a, a + length)} lies in {@code [b, b + size)}. */
  private static int overlap(int a, int length, int b, int size) {
    return Math.min(a + length, b + size) - Math.max(a, b);
  }

  /** Share of cloudy pixels in a chip, 0 to 1. */
  public double cloud(int index) {
    return cloud[index];
  }

  /** Share of a chip's pixels without data, 0 to 1. */
  public double nodata(int index) {
    return nodata[index];
  }

  /**
   * The chips that are worth embedding.
   *
   * @param maxCloud chips with a larger share of cloud are left out
   * @param maxNodata chips with a larger share of pixels without data are left out
   */
  public BitSet surviving(double maxCloud, double maxNodata) {
    BitSet surviving = new BitSet(cloud.length);
    for (int i = 0; i < cloud.length; i++) {
      surviving.set(i, cloud[i] <= maxCloud && nodata[i] <= maxNodata);
    }
    return surviving;
  }
}
