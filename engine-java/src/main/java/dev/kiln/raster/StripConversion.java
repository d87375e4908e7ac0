package dev.kiln.raster;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Conversions of a strip's values to those that a platform's statistics describe. */
public final class StripConversion {
  private StripConversion() {}

  /**
   * Converts a strip to floats by scales and offsets. Values without data become NaN, but an
   * integer 0 stays 0 unless values are decibels: that is what gaps were in training.
   *
   * @param strip stored values
   * @param window part of the grid that the strip covers
   * @param validity validity according to the files
   * @param nodata rule for values without data, in stored units
   * @param missing pixels without data in all bands
   * @param scales scale and offset of each band
   * @param memory pool that the new strip's memory is taken from
   * @return planar float planes, owned by the caller
   */
  public static Strip scale(
      Strip strip,
      StripWindow window,
      FileValidity validity,
      NodataValues nodata,
      MissingPixels missing,
      List<double[]> scales,
      BufferPool memory) {
    List<BandPlane> planes = new ArrayList<>();
    long size = 0;
    for (BandPlane plane : strip.bands()) {
      planes.add(
          new BandPlane(
              PixelType.FLOAT32,
              size,
              plane.width(),
              plane.height(),
              Float.BYTES,
              (long) Float.BYTES * plane.width(),
              plane.repeat()));
      size += (long) Float.BYTES * plane.width() * plane.height();
    }
    HostBuffer pixels = memory.take("scaled strip", size);
    Strip scaled = new Strip(pixels, planes, strip.firstRow(), strip.rows());
    ByteBuffer from = strip.raw();
    ByteBuffer to = scaled.raw();
    for (int b = 0; b < planes.size(); b++) {
      BandPlane plane = strip.bands().get(b);
      BandNodata of = nodata.band(b);
      ByteBuffer view = validity.plane(b).map(FileValidity.Plane::view).orElse(null);
      for (StripWindow.Span span : window.spans()) {
        int begin = span.begin() / plane.repeat();
        int end = Math.min(plane.width(), (span.end() + plane.repeat() - 1) / plane.repeat());
        for (int y = 0; y < plane.height(); y++) {
          for (int x = begin; x < end; x++) {
            float value = plane.value(from, x, y);
            boolean none =
                of.isNodata(value, plane.type())
                    || of.isFillerOfAllBands(value)
                        && NodataValues.isMissing(
                            missing, x * plane.repeat(), y * plane.repeat(), span, window)
                    || view != null
                        && validity.plane(b).orElseThrow().at(view, x, y) != FileValidity.VALID;
            boolean gap = value == 0 && plane.type() != PixelType.FLOAT32 && !of.decibels();
            float blank = gap ? 0 : Float.NaN;
            to.putFloat(
                Math.toIntExact(planes.get(b).byteOf(x, y)),
                none ? blank : (float) (value * scales.get(b)[0] + scales.get(b)[1]));
          }
        }
      }
    }
    return scaled;
  }

  /**
   * Converts float planes to decibels in place; values that are not positive become NaN.
   *
   * @param window part of the grid that the strip covers
   * @param factor 10 for linear power, 20 for amplitude
   */
  public static void toDecibels(Strip strip, StripWindow window, int factor) {
    ByteBuffer raw = strip.raw();
    for (BandPlane plane : strip.bands()) {
      for (StripWindow.Span span : window.spans()) {
        int begin = span.begin() / plane.repeat();
        int end = Math.min(plane.width(), (span.end() + plane.repeat() - 1) / plane.repeat());
        for (int y = 0; y < plane.height(); y++) {
          for (int x = begin; x < end; x++) {
            int at = Math.toIntExact(plane.byteOf(x, y));
            float value = raw.getFloat(at);
            raw.putFloat(at, value > 0 ? (float) (factor * Math.log10(value)) : Float.NaN);
          }
        }
      }
    }
  }
}
