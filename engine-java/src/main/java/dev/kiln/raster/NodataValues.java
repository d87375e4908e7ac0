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
 * Nodata values of the bands of a scene without a mask. A pixel has no data if it has none in every
 * band that can tell, which is the rule of GDAL's and rasterio's dataset masks: a dark pixel can be
 * 0 in one band. Floats that are not finite are no data with or without a nodata value.
 */
public final class NodataValues {
  private final List<OptionalDouble> values;

  /**
   * Creates the rule for a scene.
   *
   * @param values nodata value of each band
   */
  public NodataValues(List<OptionalDouble> values) {
    this.values = List.copyOf(values);
  }

  /**
   * Replaces nodata values of float planes by NaN. Integers keep theirs: Clay was trained on scenes
   * whose gaps are 0, whereas -9999 dB would dominate the rest of its chip.
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
   * Returns the share of a chip's pixels that have no data, 0 to 1; 0 if no band can tell.
   *
   * @param strip strip after {@link #blank}
   * @param column grid column of the chip's left edge
   * @param row grid row of the chip's upper edge
   * @param chipSize edge of the chip in pixels
   */
  public double share(Strip strip, int column, int row, int chipSize) {
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
    boolean[] missing = new boolean[chipSize];
    float[] line = new float[chipSize];
    long count = 0;
    for (int y = row - strip.firstRow(); y < row - strip.firstRow() + chipSize; y++) {
      Arrays.fill(missing, true);
      int left = chipSize;
      for (int i = 0; i < bands.size() && left > 0; i++) {
        BandPlane plane = strip.bands().get(bands.get(i));
        plane.readLine(raw, column, y, line);
        left = keep(missing, line, plane.type(), values.get(bands.get(i)));
      }
      count += left;
    }
    return count / ((double) chipSize * chipSize);
  }

  /** Clears the pixels that have data in this band; returns how many remain missing. */
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
