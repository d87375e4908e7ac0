package dev.kiln.raster;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * Rule for pixels without data: it finds them, and replaces values that would dominate their chip.
 *
 * <p>A band has no data in a pixel if the value is one of its nodata values, if the file's mask,
 * alpha band or an unwritten tile says so, or if the value is a float that is not plausible: not
 * finite, more than {@value #PLAUSIBLE_DEVIATIONS} standard deviations from the band's mean, or a
 * customary filler such as -9999, or any value below it, outside the band's range. In decibels, 0
 * in all bands is one too. A pixel has no data if it has none in every band that can tell, which is
 * the rule of GDAL's and rasterio's dataset masks: a dark pixel can be 0 in one band.
 *
 * <p>Values without data are replaced before the encoder sees them: floats by NaN, which becomes
 * the band's mean, integers by the rounded mean. The exception is the integer 0: Clay was trained
 * on scenes whose gaps are 0. An integer that is an ordinary value of its band, such as 255, is
 * replaced only where all bands are missing.
 */
public final class NodataValues {
  /** Floats farther from the mean, in standard deviations, are no data. */
  public static final int PLAUSIBLE_DEVIATIONS = 100;

  /** Integers farther from the mean, in standard deviations, are no data in one band alone. */
  private static final double ORDINARY_DEVIATIONS = 8;

  /** Undeclared fillers are farther from the mean, if they can also mean saturated. */
  private static final double SATURATED_DEVIATIONS = 20;

  /** Fillers that files contain without declaring them. */
  private static final float[] CUSTOMARY_FILLERS = {
    -9999, -28672, -32768, -32767, -99999, -999, -99, 32767, 65535
  };

  /** The same in integers: -28672 and 32767 are those of MODIS. */
  private static final double[] CUSTOMARY_INTEGERS = {-9999, -28672, -32767, -32768, 65535};

  private static final double HIGHEST_SIGNED = Short.MAX_VALUE;

  /** Lower floats are not ordinary in any band: no sensor measures them. */
  private static final float LOWEST_ORDINARY = -9000;

  /** Larger floats are fillers in any unit. */
  private static final float LARGEST_MEASUREMENT = 1e9f;

  /** Lower decibels are the logarithm of a number that stands for 0, such as 1e-10. */
  private static final float LOWEST_DECIBELS = -90;

  /** Higher decibels are fillers such as 255: no target reflects so much. */
  private static final float HIGHEST_DECIBELS = 60;

  /** Standard deviation of linear power and amplitude, with which bright targets are plausible. */
  public static final float POWER_DEVIATION = 1e6f / PLAUSIBLE_DEVIATIONS;

  /** Customary fillers nearer to the mean, in standard deviations, are data. */
  private static final float FILLER_DEVIATIONS = 5;

  /**
   * What is known about a band.
   *
   * @param values nodata values, of the file and of the item; none, one or several
   * @param mean mean of the training pixels, in stored units
   * @param std standard deviation of the training pixels, in stored units
   * @param decibels whether ordinary values are decibels
   * @param scale declared scale and offset of stored values, until it is decided whether they are
   *     applied; empty for none
   */
  public record Band(
      double[] values, float mean, float std, boolean decibels, Optional<double[]> scale) {
    /**
     * Creates a band whose values are as stored and no decibels.
     *
     * @param values nodata values
     * @param mean mean of the training pixels
     * @param std standard deviation of the training pixels
     */
    public Band(double[] values, float mean, float std) {
      this(values, mean, std, false, Optional.empty());
    }

    private Band asPower() {
      return new Band(values, mean, POWER_DEVIATION, false, Optional.empty());
    }

    private Band asStored(double[] nodata) {
      return new Band(nodata, mean, std, decibels, Optional.empty());
    }
  }

  private final List<Band> bands;
  private final boolean byValue;

  /** Whether values are known to be in the units of the platform. */
  private final boolean decided;

  /**
   * Creates the rule of a scene.
   *
   * @param bands bands of the strips
   * @param byValue whether pixels with nodata values count as missing; otherwise only declared
   *     integers other than 0 and pixels that the files exclude do
   */
  public NodataValues(List<Band> bands, boolean byValue) {
    this(bands, byValue, false);
  }

  private NodataValues(List<Band> bands, boolean byValue, boolean decided) {
    this.bands = List.copyOf(bands);
    this.byValue = byValue;
    this.decided = decided;
  }

  /** Returns the rule for values that are no longer in stored units: only NaN is no data. */
  public NodataValues withoutValues() {
    return new NodataValues(
        bands.stream().map(band -> band.asStored(new double[0])).toList(), byValue, true);
  }

  /** Returns the rule for values that are decided to be in the units of the platform as stored. */
  public NodataValues asStored() {
    return new NodataValues(
        bands.stream().map(band -> band.asStored(band.values())).toList(), byValue, true);
  }

  /** Returns the rule for values that are decided to be linear power or amplitude. */
  public NodataValues asPower() {
    return new NodataValues(bands.stream().map(Band::asPower).toList(), byValue);
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
      } else if (validity.plane(b).isPresent() || declaresNonzero(b)) {
        blankIntegers(strip, b, window, validity.plane(b), missing);
      }
    }
  }

  private boolean declaresNonzero(int band) {
    return Arrays.stream(bands.get(band).values()).anyMatch(value -> value != 0);
  }

  /** Returns whether the values of a band tell that a pixel has no data. */
  private boolean tellsByValue(int band, PixelType type) {
    return byValue
        ? bands.get(band).values().length > 0 || type == PixelType.FLOAT32 || isDecibels(band)
        : type != PixelType.FLOAT32 && declaresNonzero(band);
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
      if (!validity.isEmpty() || tellsByValue(b, strip.bands().get(b).type())) {
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
          boolean value = tellsByValue(b, plane.type());
          if (value) {
            plane.readLine(raw, span.begin(), y, line);
          }
          left =
              keep(none, value ? line : null, b, plane.type(), validity.plane(b), span.begin(), y);
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
      int band,
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
                    && (isNodata(line[x], band, type) || isFillerOfAllBands(line[x], band));
        left += none[x] ? 1 : 0;
      }
    }
    return left;
  }

  /**
   * Returns the values that mean "no data" in a file: those that are declared and that its type can
   * store, as GDAL does without their fractions, and customary ones of 16-bit integers that cannot
   * be ordinary values of the band. Positive ones count only if none is declared, because they also
   * mean saturated.
   *
   * @param type pixel type of the file
   * @param declared by the file and the item
   * @param mean mean of the training pixels, in stored units
   * @param std standard deviation of the training pixels, in stored units
   */
  public static double[] meant(PixelType type, double[] declared, double mean, double std) {
    if (type == PixelType.FLOAT32) {
      return declared;
    }
    double[] stored =
        Arrays.stream(declared)
            .filter(value -> UnwrittenTiles.stores(type, value))
            .map(value -> (double) (long) value)
            .toArray();
    DoubleStream customary =
        Arrays.stream(CUSTOMARY_INTEGERS)
            .filter(value -> type != PixelType.UINT8 && UnwrittenTiles.stores(type, value))
            .filter(
                value ->
                    value < 0 || stored.length == 0 && value - mean > SATURATED_DEVIATIONS * std);
    boolean signed = type == PixelType.INT16 && HIGHEST_SIGNED - mean > ORDINARY_DEVIATIONS * std;
    return DoubleStream.concat(
            Arrays.stream(stored),
            DoubleStream.concat(
                customary, signed ? DoubleStream.of(HIGHEST_SIGNED) : DoubleStream.empty()))
        .distinct()
        .toArray();
  }

  /**
   * Returns whether a value means "no data" where all bands have it: 0 dB in every band of a pixel
   * is a gap, in one band it can be data.
   */
  boolean isFillerOfAllBands(float value, int band) {
    return value == 0 && isDecibels(band);
  }

  /** Returns whether ordinary values of a band are decibels. */
  boolean isDecibels(int band) {
    return bands.get(band).decibels();
  }

  /** Returns whether a value means that a band has no data. */
  boolean isNodata(float value, int band, PixelType type) {
    Band b = bands.get(band);
    for (double nodata : b.values()) {
      if (value == (float) nodata) {
        return true;
      }
    }
    if (decided && b.decibels() && value > HIGHEST_DECIBELS && type == PixelType.FLOAT32) {
      return true;
    }
    return type == PixelType.FLOAT32
        && !isPlausible(value, b)
        && b.scale().filter(tags -> isPlausible((float) (value * tags[0] + tags[1]), b)).isEmpty();
  }

  /** Returns whether a finite float is no data only because it is not plausible. */
  boolean isImplausible(float value, int band) {
    return Float.isFinite(value)
        && Math.abs(value) < LARGEST_MEASUREMENT
        && Arrays.stream(bands.get(band).values()).noneMatch(nodata -> value == (float) nodata)
        && isNodata(value, band, PixelType.FLOAT32);
  }

  /** Most values are ordinary and need two comparisons; NaN fails them. */
  private static boolean isPlausible(float value, Band band) {
    float ordinary = FILLER_DEVIATIONS * band.std();
    if (value >= Math.max(band.mean() - ordinary, LOWEST_ORDINARY)
        && value <= band.mean() + ordinary) {
      return true;
    }
    float deviations = Math.abs((value - band.mean()) / band.std());
    if (!(deviations <= PLAUSIBLE_DEVIATIONS) || band.decibels() && value < LOWEST_DECIBELS) {
      return false;
    }
    for (float filler : CUSTOMARY_FILLERS) {
      if (value == filler) {
        // Small ones can be data of bands with large values.
        return value >= LOWEST_ORDINARY && deviations <= FILLER_DEVIATIONS;
      }
    }
    return value >= LOWEST_ORDINARY || deviations <= FILLER_DEVIATIONS;
  }

  private void blankFloats(
      Strip strip,
      int band,
      StripWindow window,
      Optional<FileValidity.Plane> validity,
      MissingPixels missing) {
    BandPlane plane = strip.bands().get(band);
    ByteBuffer raw = strip.raw();
    ByteBuffer view = validity.map(FileValidity.Plane::view).orElse(null);
    for (StripWindow.Span span : window.spans()) {
      int begin = span.begin() / plane.repeat();
      int end = Math.min(plane.width(), (span.end() + plane.repeat() - 1) / plane.repeat());
      for (int y = 0; y < plane.height(); y++) {
        int at = Math.toIntExact(plane.byteOf(begin, y));
        for (int x = begin; x < end; x++, at += plane.pixelStride()) {
          float value = raw.getFloat(at);
          if (isNodata(value, band, PixelType.FLOAT32)
              || view != null && validity.get().at(view, x, y) == FileValidity.MISSING
              || isFillerOfAllBands(value, band)
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
    Band b = bands.get(band);
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
                    && (isExtraordinary(value, b)
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

  /** Returns whether an integer cannot be an ordinary value of its band. */
  private static boolean isExtraordinary(int value, Band band) {
    return value < 0 || Math.abs(value - band.mean()) > ORDINARY_DEVIATIONS * band.std();
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
