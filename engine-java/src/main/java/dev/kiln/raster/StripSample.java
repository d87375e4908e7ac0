package dev.kiln.raster;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Sample of the values of a strip, as stored, without pixels that have no data: the basis of
 * decisions about what values mean.
 *
 * @param bands ascending values of each band; a band without valid pixels has none
 */
public record StripSample(List<float[]> bands) {
  /** Largest number of rows and columns that are looked at. */
  private static final int MOST_LINES = 64;

  /** Different values that fillers of one band can have. */
  private static final int MOST_FILLERS = 16;

  /** Copies the list. */
  public StripSample {
    bands = List.copyOf(bands);
  }

  /**
   * Takes a sample of a strip on a regular lattice.
   *
   * @param strip pixels
   * @param window part of the grid that the strip covers
   * @param missing pixels without data
   * @param nodata rule for values without data in one band
   */
  public static StripSample of(
      Strip strip, StripWindow window, MissingPixels missing, NodataValues nodata) {
    ByteBuffer raw = strip.raw();
    List<float[]> bands = new ArrayList<>();
    int columns = window.spans().stream().mapToInt(span -> span.end() - span.begin()).sum();
    int stepX = Math.max(1, columns / MOST_LINES);
    int stepY = Math.max(1, window.rows() / MOST_LINES);
    for (int b = 0; b < strip.bands().size(); b++) {
      BandPlane plane = strip.bands().get(b);
      float[] values =
          new float[(columns / stepX + window.spans().size() + 1) * (window.rows() / stepY + 1)];
      int count = 0;
      for (StripWindow.Span span : window.spans()) {
        for (int y = 0; y < window.rows(); y += stepY) {
          for (int x = span.begin(); x < span.end(); x += stepX) {
            float value = plane.value(raw, x / plane.repeat(), y / plane.repeat());
            // 0 is no data in integer products, and a filler in most others.
            if (value != 0
                && Float.isFinite(value)
                && !missing.at(x, y)
                && !nodata.band(b).isNodata(value, plane.type())) {
              values[count++] = value;
            }
          }
        }
      }
      values = Arrays.copyOf(values, count);
      Arrays.sort(values);
      bands.add(values);
    }
    return new StripSample(bands);
  }

  /**
   * Returns whether a strip contains many different floats that are not plausible: those are
   * measurements in another unit, and not fillers.
   *
   * @param strip pixels
   * @param window part of the grid that the strip covers
   * @param nodata rule for values without data in one band
   */
  public static boolean hasOtherUnits(Strip strip, StripWindow window, NodataValues nodata) {
    ByteBuffer raw = strip.raw();
    int stepY = Math.max(1, window.rows() / MOST_LINES);
    for (int b = 0; b < strip.bands().size(); b++) {
      BandPlane plane = strip.bands().get(b);
      Set<Float> found = new HashSet<>();
      for (StripWindow.Span span : window.spans()) {
        int stepX = Math.max(1, span.length() / MOST_LINES);
        for (int y = 0; y < window.rows(); y += stepY) {
          for (int x = span.begin(); x < span.end(); x += stepX) {
            float value = plane.value(raw, x / plane.repeat(), y / plane.repeat());
            if (plane.type() == PixelType.FLOAT32 && nodata.band(b).isImplausible(value)) {
              found.add(value);
            }
          }
        }
      }
      if (found.size() > MOST_FILLERS) {
        return true;
      }
    }
    return false;
  }

  /** Returns a sample with the values of both. */
  public StripSample plus(StripSample other) {
    List<float[]> joined = new ArrayList<>();
    for (int b = 0; b < bands.size(); b++) {
      float[] own = bands.get(b);
      float[] values = Arrays.copyOf(own, own.length + other.bands.get(b).length);
      System.arraycopy(other.bands.get(b), 0, values, own.length, values.length - own.length);
      Arrays.sort(values);
      joined.add(values);
    }
    return new StripSample(joined);
  }

  /** Returns whether no band has a valid pixel. */
  public boolean isEmpty() {
    return bands.stream().allMatch(values -> values.length == 0);
  }

  /**
   * Returns a quantile of a band's values.
   *
   * @param band band, from 0, with at least one value
   * @param quantile 0 for the minimum, 1 for the maximum
   */
  public float quantile(int band, double quantile) {
    float[] values = bands.get(band);
    return values[(int) Math.round(quantile * (values.length - 1))];
  }

  /** Returns the share of a band's values that are less than a limit; 0 if it has none. */
  public double shareBelow(int band, float limit) {
    float[] values = bands.get(band);
    int count = 0;
    while (count < values.length && values[count] < limit) {
      count++;
    }
    return values.length == 0 ? 0 : (double) count / values.length;
  }
}
