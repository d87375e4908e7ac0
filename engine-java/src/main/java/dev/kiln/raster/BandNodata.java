package dev.kiln.raster;

import dev.kiln.type.PixelType;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * Values of a band that mean "no data". Those are its nodata values, and floats that are not
 * plausible: not finite, more than {@value #PLAUSIBLE_DEVIATIONS} standard deviations from the
 * band's mean, or a customary filler such as -9999, or any value below it, outside the band's
 * range. In decibels, 0 in all bands is one too.
 *
 * @param values nodata values, of the file and of the item; none, one or several
 * @param mean mean of the training pixels, in stored units
 * @param std standard deviation of the training pixels, in stored units
 * @param decibels whether ordinary values are decibels
 * @param scale declared scale and offset of stored values, until it is decided whether they are
 *     applied; empty for none
 * @param highest higher floats are no data, however plausible
 */
public record BandNodata(
    double[] values,
    float mean,
    float std,
    boolean decibels,
    Optional<double[]> scale,
    float highest) {
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
   * Creates a band whose values are as stored and no decibels.
   *
   * @param values nodata values
   * @param mean mean of the training pixels
   * @param std standard deviation of the training pixels
   */
  public BandNodata(double[] values, float mean, float std) {
    this(values, mean, std, false, Optional.empty());
  }

  /**
   * Creates a band whose units are not decided yet.
   *
   * @param values nodata values
   * @param mean mean of the training pixels
   * @param std standard deviation of the training pixels
   * @param decibels whether ordinary values are decibels
   * @param scale declared scale and offset of stored values; empty for none
   */
  public BandNodata(
      double[] values, float mean, float std, boolean decibels, Optional<double[]> scale) {
    this(values, mean, std, decibels, scale, Float.POSITIVE_INFINITY);
  }

  /** Returns the band for values that are no longer in stored units: only NaN is no data. */
  BandNodata withoutValues() {
    return asStored(new double[0]);
  }

  /** Returns the band for values that are in the units of the platform as stored. */
  BandNodata asStored() {
    return asStored(values);
  }

  private BandNodata asStored(double[] nodata) {
    float most = decibels ? HIGHEST_DECIBELS : Float.POSITIVE_INFINITY;
    return new BandNodata(nodata, mean, std, decibels, Optional.empty(), most);
  }

  /** Returns the band for values that are linear power or amplitude. */
  BandNodata asPower() {
    return new BandNodata(values, mean, POWER_DEVIATION, false, Optional.empty());
  }

  /** Returns whether a nodata value is other than 0. */
  boolean declaresNonzero() {
    return Arrays.stream(values).anyMatch(value -> value != 0);
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
  boolean isFillerOfAllBands(float value) {
    return value == 0 && decibels;
  }

  /** Returns whether a value means that the band has no data. */
  boolean isNodata(float value, PixelType type) {
    for (double nodata : values) {
      if (value == (float) nodata) {
        return true;
      }
    }
    return type == PixelType.FLOAT32
        && (value > highest
            || !isPlausible(value)
                && scale
                    .filter(tags -> isPlausible((float) (value * tags[0] + tags[1])))
                    .isEmpty());
  }

  /** Returns whether a finite float is no data only because it is not plausible. */
  boolean isImplausible(float value) {
    return Float.isFinite(value)
        && Math.abs(value) < LARGEST_MEASUREMENT
        && Arrays.stream(values).noneMatch(nodata -> value == (float) nodata)
        && isNodata(value, PixelType.FLOAT32);
  }

  /** Most values are ordinary and need two comparisons; NaN fails them. */
  private boolean isPlausible(float value) {
    float ordinary = FILLER_DEVIATIONS * std;
    if (value >= Math.max(mean - ordinary, LOWEST_ORDINARY) && value <= mean + ordinary) {
      return true;
    }
    float deviations = Math.abs((value - mean) / std);
    if (!(deviations <= PLAUSIBLE_DEVIATIONS) || decibels && value < LOWEST_DECIBELS) {
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

  /** Returns whether an integer cannot be an ordinary value of the band. */
  boolean isExtraordinary(int value) {
    return value < 0 || Math.abs(value - mean) > ORDINARY_DEVIATIONS * std;
  }
}
