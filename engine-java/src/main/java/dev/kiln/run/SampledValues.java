package dev.kiln.run;

import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.raster.StripSample;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Values of some strips of a scene, compared with the statistics of its platform. Bands without
 * values decide nothing.
 *
 * @param sample stored values of each band
 * @param platform what they should be
 * @param declared scale and offset of each band that its file declares, or else the item
 */
record SampledValues(StripSample sample, Platform platform, List<double[]> declared) {
  /** Decibels of land and water are lower than this in the median. */
  private static final double HIGHEST_MEDIAN_DECIBELS = 1.76;

  /** Backscatter whose median is lower than the mean by more standard deviations is impossible. */
  private static final double LOWEST_MEDIAN = 2;

  /** Values of another scale are smaller than the mean by this factor in all bands. */
  private static final float OTHER_SCALE = 200;

  /** Values that are smaller than the mean by this factor in all bands are suspicious. */
  private static final float SUSPICIOUS_SCALE = 20;

  /** Values of a platform with 8 bits are at most this; resampling can exceed 255. */
  private static final float HIGHEST_OF_EIGHT_BITS = 306;

  /** Share of values of a platform with 8 bits that can be negative, by resampling. */
  private static final double NEGATIVES = 0.01;

  /** Backscatter is smaller than this in decibels, in both directions. */
  private static final float MOST_DECIBELS = 100;

  /** Share of pixels at soft edges of opaque ground. */
  private static final double SOFT = 0.2;

  /** Opacity of opaque ground after lossy compression. */
  private static final double OPAQUE = 0.98;

  /** Share of values that may be wrong. */
  private static final double OUTLIERS = 0.001;

  /** Values whose median is farther from the mean, in standard deviations, are of another scale. */
  private static final float HIGHEST_MEDIAN = 20;

  /**
   * Stored values that mean a reflectance of 0, of platforms where it is not stored as 0. Water and
   * shadows are not much lower.
   */
  private static final Map<String, Double> ZERO_REFLECTANCE =
      Map.of("landsat-c2l2-sr", 7273.0, "landsat-c2l1", 5000.0);

  /** Share of {@link #ZERO_REFLECTANCE} below which the median of some band is. */
  private static final double DARKEST = 0.9;

  /** Reflectance per stored unit, of platforms whose catalogues and files state it. */
  private static final Map<String, Double> REFLECTANCE_UNIT =
      Map.of("landsat-c2l2-sr", 2.75e-5, "sentinel-2-l2a", 1e-4, "modis", 1e-4);

  /** Scales of integers to reflectance are in this range. */
  private static final double SMALLEST_UNIT = 1e-6;

  private static final double LARGEST_UNIT = 1e-3;

  /** Returns whether the platform's values are decibels. */
  boolean isInDecibels() {
    return platform.bands().stream().allMatch(Band::isInDecibels);
  }

  /** Returns whether the platform states how stored values become its own. */
  boolean isConverted() {
    return platform.bands().stream().anyMatch(band -> band.scale().isPresent());
  }

  /** Returns whether the platform's values have 8 bits. */
  private boolean isOfEightBits() {
    return platform.bands().stream()
        .allMatch(
            band -> band.mean() >= 1 && band.mean() + 3 * band.std() <= HIGHEST_OF_EIGHT_BITS);
  }

  /** Returns whether a value is not an integer. */
  private boolean hasFractions(boolean applyTags) {
    for (int b = 0; b < sample.bands().size(); b++) {
      double[] tags = declared.get(b);
      for (float value : sample.bands().get(b)) {
        double meant = applyTags ? value * tags[0] + tags[1] : value;
        if (meant != Math.rint(meant)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Returns whether all values of a band that are not 0 are the highest of 8 or 16 bits. */
  boolean isOpaque(int band) {
    if (sample.bands().get(band).length == 0) {
      return false;
    }
    float lowest = sample.quantile(band, 0);
    return lowest == sample.quantile(band, 1) && (lowest == 0xFF || lowest == 0xFFFF);
  }

  /**
   * Returns whether most values of a band that are not 0 are near the highest of 8 or 16 bits, as
   * those of opacity with soft edges are, or there are none, because the highest means no data.
   */
  boolean isOpacity(int band) {
    if (sample.bands().get(band).length == 0) {
      return true;
    }
    int highest = sample.quantile(band, 1) > 0xFF ? 0xFFFF : 0xFF;
    return sample.quantile(band, SOFT) >= OPAQUE * highest;
  }

  /** Returns whether no value is negative, but for outliers. */
  boolean isPositive() {
    return all(this::isPositive);
  }

  /** Returns whether no value of a band is negative, but for outliers. */
  boolean isPositive(int band) {
    return sample.shareBelow(band, 0) <= OUTLIERS;
  }

  /** Returns whether a band has values. */
  boolean hasValues(int band) {
    return sample.bands().get(band).length > 0;
  }

  /** Returns the median of a band that has values, as stored. */
  float median(int band) {
    return quantile(band, 0.5, false);
  }

  /** Returns whether stored values of a platform in decibels can be that; true for all others. */
  boolean areLikelyDecibels() {
    return !isInDecibels()
        || any(b -> quantile(b, 0.5, false) < 0)
            && all(b -> Math.abs(quantile(b, 0.5, false)) < MOST_DECIBELS);
  }

  /**
   * Returns whether some bands are positive, or ordinary values of all are, as opposed to outliers:
   * such values are no decibels.
   */
  boolean isPartlyPositive() {
    return any(this::isPositive) || all(b -> quantile(b, 0.5, false) > 0);
  }

  /**
   * Returns whether the tags of all bands state that an offset is to be subtracted from stored
   * values, such as × 0.0001 − 0.1 for 1000.
   */
  boolean declareOffset(float subtracted) {
    return declared.stream().allMatch(tags -> isOffset(tags, subtracted));
  }

  /** Returns whether the tags of some bands state it, and the others have none. */
  boolean declareOffsetOfSome(float subtracted) {
    List<double[]> stated = declared.stream().filter(tags -> tags[0] != 1 || tags[1] != 0).toList();
    return !stated.isEmpty()
        && stated.size() < declared.size()
        && stated.stream().allMatch(tags -> isOffset(tags, subtracted));
  }

  private static boolean isOffset(double[] tags, float subtracted) {
    return Math.abs(tags[1] / tags[0] + subtracted) < subtracted / 1000;
  }

  /** Returns whether positive values can be backscatter of a unit. */
  boolean isPossibleAs(Backscatter unit) {
    return all(b -> decibels(b, unit) < HIGHEST_MEDIAN_DECIBELS);
  }

  /**
   * Returns whether positive values of a platform in decibels can only be linear power, because as
   * amplitude they would be below the noise of the sensor in a band.
   */
  boolean proveLinearPower() {
    return any(
        b -> decibels(b, Backscatter.AMPLITUDE) < band(b).mean() - LOWEST_MEDIAN * band(b).std());
  }

  /** Returns the median of a band in decibels. */
  private double decibels(int band, Backscatter unit) {
    return unit.factor() * Math.log10(quantile(band, 0.5, false));
  }

  /** Returns whether a scale or an offset is declared. */
  boolean areDeclared() {
    return declared.stream().anyMatch(d -> d[0] != 1 || d[1] != 0);
  }

  private boolean isDeclared(int band) {
    return declared.get(band)[0] != 1 || declared.get(band)[1] != 0;
  }

  /** Returns whether bands differ in what is declared. */
  private boolean areDeclaredDifferently() {
    return declared.stream().anyMatch(tags -> !Arrays.equals(tags, declared.get(0)));
  }

  /**
   * Returns the scale to reflectance that is declared, if it is not that of the platform's values:
   * then they are those of another product, such as 0.0001 instead of 0.0000275.
   */
  Optional<String> otherUnit() {
    Double unit = REFLECTANCE_UNIT.get(platform.productName());
    if (unit == null) {
      return Optional.empty();
    }
    return declared.stream()
        .map(tags -> tags[0])
        .filter(factor -> factor >= SMALLEST_UNIT && factor <= LARGEST_UNIT)
        .filter(factor -> Math.abs(factor - unit) > unit / 100)
        .findFirst()
        .map(factor -> "a scale to reflectance of %s, not %s".formatted(factor, unit));
  }

  /** Returns what is suspicious about values that are possible; empty for nothing. */
  Optional<String> suspicion() {
    if (isInDecibels()
        || !all(b -> mean(b) > 0 && quantile(b, 0.999, false) < mean(b) / SUSPICIOUS_SCALE)) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "suspiciously small: band %s has a maximum of %s, mean of the platform %s",
            band(0).name(),
            quantile(0, 0.999, false),
            band(0).mean()));
  }

  /** Returns why values cannot be those of the platform; empty if they can. */
  Optional<String> implausible(boolean applyTags) {
    if (isInDecibels()) {
      // Whether they are positive is decided by the caller.
      boolean small =
          all(b -> Math.abs(quantile(b, 0.5, applyTags)) < MOST_DECIBELS || isPositive());
      boolean plausible = small && (!applyTags || any(b -> quantile(b, 0.5, true) < 0));
      return plausible ? Optional.empty() : Optional.of("not decibels: " + describe(applyTags));
    }
    // Integers can be as small as this in the dark; fractions are reflectance or its percentage.
    float scale = hasFractions(applyTags) ? SUSPICIOUS_SCALE : OTHER_SCALE;
    if (all(b -> mean(b) > 0 && quantile(b, 0.999, applyTags) < mean(b) / scale)) {
      return Optional.of(describe(applyTags));
    }
    if (applyTags
        && areDeclaredDifferently()
        && any(b -> isDeclared(b) && mean(b) > 0 && quantile(b, 0.999, true) < mean(b) / scale)) {
      // Bands of one scene have one scale: tags of some bands only must not make them dark.
      return Optional.of(describe(true));
    }
    Double zero = ZERO_REFLECTANCE.get(platform.name());
    if (zero != null && !isConverted() && all(b -> quantile(b, 0.5, applyTags) < DARKEST * zero)) {
      return Optional.of("reflectance below 0: " + describe(applyTags));
    }
    if (isOfEightBits()
        && any(
            b ->
                quantile(b, 0.99, applyTags) > HIGHEST_OF_EIGHT_BITS
                    || quantile(b, NEGATIVES, applyTags) < 0)) {
      return Optional.of(describe(applyTags));
    }
    if (all(b -> quantile(b, 0.5, applyTags) > mean(b) + HIGHEST_MEDIAN * (float) band(b).std())
        || all(
            b -> quantile(b, 0.5, applyTags) < mean(b) - HIGHEST_MEDIAN * (float) band(b).std())) {
      return Optional.of(describe(applyTags));
    }
    return Optional.empty();
  }

  /** Returns median and maximum of the first band that has values. */
  String describe(boolean applyTags) {
    int b = firstBand();
    return String.format(
        Locale.ROOT,
        "band %s has a median of %s and a maximum of %s, mean of the platform %s",
        band(b).name(),
        quantile(b, 0.5, applyTags),
        quantile(b, 0.999, applyTags),
        band(b).mean());
  }

  /** Returns the largest share of a band's values that is lower than a limit. */
  double mostBelow(float limit) {
    double most = 0;
    for (int b = 0; b < sample.bands().size(); b++) {
      most = Math.max(most, sample.shareBelow(b, limit));
    }
    return most;
  }

  private Band band(int index) {
    return platform.bands().get(index);
  }

  private float mean(int index) {
    return (float) band(index).mean();
  }

  private int firstBand() {
    int b = 0;
    while (sample.bands().get(b).length == 0) {
      b++;
    }
    return b;
  }

  private float quantile(int band, double quantile, boolean applyTags) {
    double[] tags = declared.get(band);
    if (!applyTags) {
      return sample.quantile(band, quantile);
    }
    double flipped = tags[0] < 0 ? 1 - quantile : quantile;
    return (float) (sample.quantile(band, flipped) * tags[0] + tags[1]);
  }

  private boolean all(IntPredicate predicate) {
    for (int b = 0; b < sample.bands().size(); b++) {
      if (sample.bands().get(b).length > 0 && !predicate.test(b)) {
        return false;
      }
    }
    return true;
  }

  private boolean any(IntPredicate predicate) {
    return !all(predicate.negate());
  }
}
