package dev.kiln.raster;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Rule for pixels without data: it finds them, and replaces values that would dominate their chip.
 *
 * <p>A band has no data in a pixel if the value means that ({@link BandNodata}), or if the file's
 * mask, alpha band or an unwritten tile says so. A pixel has no data if it has none in every band
 * that can tell, which is the rule of GDAL's and rasterio's dataset masks: a dark pixel can be 0 in
 * one band.
 *
 * <p>Values without data are replaced before the encoder sees them: floats by NaN, which becomes
 * the band's mean, integers by the rounded mean. The exception is the integer 0: Clay was trained
 * on scenes whose gaps are 0. An integer that is an ordinary value of its band, such as 255, is
 * replaced only where all bands are missing.
 */
public final class NodataValues {
  private final List<BandNodata> bands;
  private final boolean byValue;

  /**
   * Creates the rule of a scene.
   *
   * @param bands bands of the strips
   * @param byValue whether pixels with nodata values count as missing; otherwise only declared
   *     integers other than 0 and pixels that the files exclude do
   */
  public NodataValues(List<BandNodata> bands, boolean byValue) {
    this.bands = List.copyOf(bands);
    this.byValue = byValue;
  }

  /** Returns the rule for values that are no longer in stored units: only NaN is no data. */
  public NodataValues withoutValues() {
    return new NodataValues(bands.stream().map(BandNodata::withoutValues).toList(), byValue);
  }

  /** Returns the rule for values that are decided to be in the units of the platform as stored. */
  public NodataValues asStored() {
    return new NodataValues(bands.stream().map(BandNodata::asStored).toList(), byValue);
  }

  /** Returns the rule for values that are decided to be linear power or amplitude. */
  public NodataValues asPower() {
    return new NodataValues(bands.stream().map(BandNodata::asPower).toList(), byValue);
  }

  /**
   * Returns the values of a band that mean "no data".
   *
   * @param index of the band, from 0
   */
  BandNodata band(int index) {
    return bands.get(index);
  }

  /**
   * Replaces the values of pixels without data.
   *
   * @param strip pixels, changed in place; its radiometric offset is that of the encoder
   * @param window part of the grid that the strip covers
   * @param validity validity according to the files
   * @param missing pixels without data, from {@link #find}
   */
  public void blank(Strip strip, StripWindow window, FileValidity validity, MissingPixels missing) {
    for (int b = 0; b < bands.size(); b++) {
      if (strip.bands().get(b).type() == PixelType.FLOAT32) {
        blankFloats(strip, b, window, validity.plane(b), missing);
      } else if (validity.plane(b).isPresent() || bands.get(b).declaresNonzero()) {
        blankIntegers(strip, b, window, validity.plane(b), missing);
      }
    }
  }

  /** Returns whether the values of a band tell that a pixel has no data. */
  private boolean tellsByValue(BandNodata band, PixelType type) {
    return byValue
        ? band.values().length > 0 || type == PixelType.FLOAT32 || band.decibels()
        : type != PixelType.FLOAT32 && band.declaresNonzero();
  }

  /**
   * Finds the pixels of a strip without data.
   *
   * @param strip pixels
   * @param window part of the grid that the strip covers
   * @param validity validity according to the files
   * @return pixels without data
   */
  public MissingPixels find(Strip strip, StripWindow window, FileValidity validity) {
    MissingPixels missing = MissingPixels.none(window);
    int[] telling = new int[bands.size()];
    int count = 0;
    for (int b = 0; b < bands.size(); b++) {
      // Where a file excludes pixels of one band, the pixels of the others are known to be data.
      if (!validity.isEmpty() || tellsByValue(bands.get(b), strip.bands().get(b).type())) {
        telling[count++] = b;
      }
    }
    if (count == 0) {
      return missing;
    }
    ByteBuffer raw = strip.raw();
    for (StripWindow.Span span : window.spans()) {
      int width = span.end() - span.begin();
      float[] line = new float[width];
      boolean[] none = new boolean[width];
      for (int y = 0; y < window.rows(); y++) {
        Arrays.fill(none, true);
        int left = width;
        for (int i = 0; i < count && left > 0; i++) {
          int b = telling[i];
          BandPlane plane = strip.bands().get(b);
          boolean value = tellsByValue(bands.get(b), plane.type());
          if (value) {
            plane.readLine(raw, span.begin(), y, line);
          }
          left =
              keep(
                  none,
                  value ? line : null,
                  bands.get(b),
                  plane.type(),
                  validity.plane(b),
                  span.begin(),
                  y);
        }
        for (int x = 0; x < width && left > 0; x++) {
          if (none[x]) {
            missing.set(span.begin() + x, y);
          }
        }
      }
    }
    return missing;
  }

  /** Clears the pixels that have data in this band; returns how many remain missing. */
  private int keep(
      boolean[] none,
      float[] line,
      BandNodata band,
      PixelType type,
      Optional<FileValidity.Plane> validity,
      int column,
      int y) {
    ByteBuffer view = validity.map(FileValidity.Plane::view).orElse(null);
    int left = 0;
    for (int x = 0; x < none.length; x++) {
      if (none[x]) {
        boolean excluded = false;
        if (view != null) {
          FileValidity.Plane plane = validity.get();
          int repeat = plane.repeat();
          excluded = plane.at(view, (column + x) / repeat, y / repeat) != FileValidity.VALID;
        }
        none[x] =
            excluded
                || line != null
                    && (band.isNodata(line[x], type) || band.isFillerOfAllBands(line[x]));
        left += none[x] ? 1 : 0;
      }
    }
    return left;
  }

  private void blankFloats(
      Strip strip,
      int band,
      StripWindow window,
      Optional<FileValidity.Plane> validity,
      MissingPixels missing) {
    BandPlane plane = strip.bands().get(band);
    BandNodata b = bands.get(band);
    ByteBuffer raw = strip.raw();
    ByteBuffer view = validity.map(FileValidity.Plane::view).orElse(null);
    for (StripWindow.Span span : window.spans()) {
      int begin = span.begin() / plane.repeat();
      int end = Math.min(plane.width(), (span.end() + plane.repeat() - 1) / plane.repeat());
      for (int y = 0; y < plane.height(); y++) {
        int at = Math.toIntExact(plane.byteOf(begin, y));
        for (int x = begin; x < end; x++, at += plane.pixelStride()) {
          float value = raw.getFloat(at);
          if (b.isNodata(value, PixelType.FLOAT32)
              || view != null && validity.get().at(view, x, y) == FileValidity.MISSING
              || b.isFillerOfAllBands(value)
                  && isMissing(missing, x * plane.repeat(), y * plane.repeat(), span, window)) {
            raw.putFloat(at, Float.NaN);
          }
        }
      }
    }
  }

  private void blankIntegers(
      Strip strip,
      int band,
      StripWindow window,
      Optional<FileValidity.Plane> validity,
      MissingPixels missing) {
    BandPlane plane = strip.bands().get(band);
    BandNodata b = bands.get(band);
    ByteBuffer raw = strip.raw();
    ByteBuffer view = validity.map(FileValidity.Plane::view).orElse(null);
    int mean = stored(plane.type(), Math.round((double) b.mean() - strip.radiometricOffset()));
    int[] nodata =
        Arrays.stream(b.values())
            .filter(value -> value != 0 && value == Math.rint(value))
            .mapToInt(value -> (int) value)
            .toArray();
    for (StripWindow.Span span : window.spans()) {
      int begin = span.begin() / plane.repeat();
      int end = Math.min(plane.width(), (span.end() + plane.repeat() - 1) / plane.repeat());
      for (int y = 0; y < plane.height(); y++) {
        int at = Math.toIntExact(plane.byteOf(begin, y));
        for (int x = begin; x < end; x++, at += plane.pixelStride()) {
          boolean blank = view != null && validity.get().at(view, x, y) == FileValidity.MISSING;
          int value = get(raw, at, plane.type());
          for (int i = 0; i < nodata.length && !blank; i++) {
            blank =
                value == nodata[i]
                    && (b.isExtraordinary(value)
                        || isMissing(
                            missing, x * plane.repeat(), y * plane.repeat(), span, window));
          }
          if (blank) {
            put(raw, at, plane.type(), mean);
          }
        }
      }
    }
  }

  static boolean isMissing(
      MissingPixels missing, int x, int y, StripWindow.Span span, StripWindow window) {
    int column = Math.max(span.begin(), Math.min(span.end() - 1, x));
    return missing.at(column, Math.min(window.rows() - 1, y));
  }

  private static int get(ByteBuffer raw, int at, PixelType type) {
    return switch (type) {
      case UINT8 -> raw.get(at) & 0xFF;
      case UINT16 -> raw.getShort(at) & 0xFFFF;
      case INT16 -> raw.getShort(at);
      case FLOAT32 -> throw new IllegalArgumentException("expected an integer type, found " + type);
    };
  }

  private static void put(ByteBuffer raw, int at, PixelType type, int value) {
    if (type == PixelType.UINT8) {
      raw.put(at, (byte) value);
    } else {
      raw.putShort(at, (short) value);
    }
  }

  /** Clamps a value to an integer type. */
  private static int stored(PixelType type, long value) {
    return switch (type) {
      case UINT8 -> (int) Math.max(0, Math.min(0xFF, value));
      case UINT16 -> (int) Math.max(0, Math.min(0xFFFF, value));
      case INT16 -> (int) Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, value));
      case FLOAT32 -> throw new IllegalArgumentException("expected an integer type, found " + type);
    };
  }
}
