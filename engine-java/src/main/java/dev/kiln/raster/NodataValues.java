package dev.kiln.raster;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The values that stand for "no data" in the bands of a scene without a mask. A pixel holds no data
 * if every band that can say so says so, which is how GDAL's and rasterio's dataset masks read it:
 * a dark pixel may well be 0 in one band. Of floats, those that are not finite are no data too, in
 * bands with and without such a value.
 */
public final class NodataValues {
  private final List<OptionalDouble> values;

  /**
   * @param values one a band of the strips to come
   */
  public NodataValues(List<OptionalDouble> values) {
    this.values = List.copyOf(values);
  }

  /**
   * Writes not-a-number over the nodata value in planes of floats. Integers stay as they are: Clay
   * was trained on scenes whose gaps are 0, but -9999 dB would drown the rest of its chip.
   */
  public void blank(Strip strip) {
    ByteBuffer raw = strip.raw();
    for (int b = 0; b < values.size(); b++) {
      BandPlane plane = strip.bands().get(b);
      if (plane.type() == PixelType.FLOAT32 && values.get(b).isPresent()) {
        float nodata = (float) values.get(b).getAsDouble();
        for (int y = 0; y < plane.height(); y++) {
          int at = Math.toIntExact(plane.byteOf(0, y));
          for (int x = 0; x < plane.width(); x++, at += plane.pixelStride()) {
            if (raw.getFloat(at) == nodata) {
              raw.putFloat(at, Float.NaN);
            }
          }
        }
      }
    }
  }

  /**
   * Share of a chip's pixels that hold no data, 0 to 1; 0 if no band can say so.
   *
   * @param strip blanked
   * @param column grid column of the chip's left edge
   * @param row grid row of the chip's upper edge
   * @param chip edge in pixels
   */
  public double share(Strip strip, int column, int row, int chip) {
    List<Integer> bands = new ArrayList<>();
    for (int b = 0; b < values.size(); b++) {
      if (values.get(b).isPresent() || strip.bands().get(b).type() == PixelType.FLOAT32) {
        bands.add(b);
      }
    }
    if (bands.isEmpty()) {
      return 0;
    }
    ByteBuffer raw = strip.raw();
    boolean[] missing = new boolean[chip];
    float[] line = new float[chip];
    long count = 0;
    for (int y = row - strip.firstRow(); y < row - strip.firstRow() + chip; y++) {
      Arrays.fill(missing, true);
      int left = chip;
      for (int i = 0; i < bands.size() && left > 0; i++) {
        BandPlane plane = strip.bands().get(bands.get(i));
        plane.readLine(raw, column, y, line);
        left = keep(missing, line, plane.type(), values.get(bands.get(i)));
      }
      count += left;
    }
    return count / ((double) chip * chip);
  }

  /** Takes back those that hold data in this line; returns how many are left. */
  private static int keep(boolean[] missing, float[] line, PixelType type, OptionalDouble nodata) {
    int left = 0;
    for (int x = 0; x < line.length; x++) {
      boolean none =
          type == PixelType.FLOAT32
              ? !Float.isFinite(line[x])
              : line[x] == (float) nodata.orElseThrow();
      missing[x] &= none;
      left += missing[x] ? 1 : 0;
    }
    return left;
  }
}
