package dev.kiln.run;

import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * Finds bands whose scale and offset differ from those that most bands of the scene have. Bands of
 * one scene are about equally bright, relative to the means of the platform, so values tell whether
 * such a band has another unit, if scales differ enough; otherwise its tags can be wrong.
 *
 * @param values of some strips
 * @param scales scale and offset of each band
 */
record OddScale(SampledValues values, List<double[]> scales) {
  /** Difference of the logarithms of brightness that values of one unit rarely have. */
  private static final double CLEAR = Math.log(3);

  /** The same in standard deviations, for means that are not positive. */
  private static final double FAR = 10;

  private static final double NEAR = 5;

  private static final double[] STORED = {1, 0};

  /**
   * Returns the fault of the first band whose values do not tell that its scale is right.
   *
   * @return what to expect and what was found; empty if there is none
   */
  Optional<String> ofApplied() {
    Optional<double[]> common = common();
    return common.flatMap(
        most ->
            odd(most)
                .filter(b -> !isRight(b, scales.get(b), most, most))
                .mapToObj(b -> fault(b, most))
                .findFirst());
  }

  /**
   * Returns the fault of the first band whose stored values may have another unit than those of the
   * others, according to its scale: one that has a scale, as most others do.
   *
   * @return what to expect and what was found; empty if there is none
   */
  Optional<String> ofIgnored() {
    Optional<double[]> common = common().filter(most -> !isSame(most, STORED));
    return common.flatMap(
        most ->
            odd(most)
                .filter(b -> !isSame(scales.get(b), STORED))
                .filter(b -> !isRight(b, STORED, relative(scales.get(b), most), STORED))
                .mapToObj(b -> fault(b, most))
                .findFirst());
  }

  /** Returns the scale that more than half of the bands have. */
  private Optional<double[]> common() {
    return scales.stream()
        .filter(
            scale ->
                2 * scales.stream().filter(other -> isSame(scale, other)).count() > scales.size())
        .findFirst();
  }

  private IntStream odd(double[] common) {
    return IntStream.range(0, scales.size())
        .filter(b -> values.hasValues(b) && !isSame(scales.get(b), common));
  }

  static boolean isSame(double[] scale, double[] other) {
    double tolerance = 1e-6 * Math.abs(other[0]);
    return Math.abs(scale[0] - other[0]) <= tolerance
        && Math.abs(scale[1] - other[1]) <= Math.max(tolerance, 1e-6 * Math.abs(other[1]));
  }

  /** Returns the conversion of stored values to those that another conversion would give. */
  private static double[] relative(double[] scale, double[] other) {
    return new double[] {scale[0] / other[0], (scale[1] - other[1]) / other[0]};
  }

  /**
   * Returns whether values are far more likely by one conversion than by another one.
   *
   * @param ofOthers conversion of the other bands, with which they are compared
   */
  private boolean isRight(int band, double[] one, double[] other, double[] ofOthers) {
    Band statistics = platform().bands().get(band);
    double first = converted(band, one);
    double second = converted(band, other);
    OptionalDouble expected = brightness(band, ofOthers);
    if (expected.isEmpty() || statistics.mean() <= 0) {
      return deviations(statistics, first) < NEAR && deviations(statistics, second) > FAR;
    }
    double of = expected.getAsDouble();
    return difference(second / statistics.mean(), of) - difference(first / statistics.mean(), of)
        > CLEAR;
  }

  private static double difference(double ratio, double expected) {
    return ratio > 0 ? Math.abs(Math.log(ratio) - expected) : 2 * FAR;
  }

  private static double deviations(Band band, double value) {
    return Math.abs(value - band.mean()) / band.std();
  }

  private double converted(int band, double[] scale) {
    return values.median(band) * scale[0] + scale[1];
  }

  /** Returns the median of the logarithms of brightness of bands with the common scale. */
  private OptionalDouble brightness(int except, double[] scale) {
    double[] all =
        IntStream.range(0, scales.size())
            .filter(b -> b != except && values.hasValues(b))
            .filter(b -> isSame(scales.get(b), common().orElseThrow()))
            .mapToDouble(b -> converted(b, scale) / platform().bands().get(b).mean())
            .filter(ratio -> ratio > 0)
            .map(Math::log)
            .sorted()
            .toArray();
    return all.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(all[all.length / 2]);
  }

  private Platform platform() {
    return values.platform();
  }

  private String fault(int band, double[] common) {
    return "band %s: expected the scale and offset of the other bands (× %s + %s), found × %s + %s, and values do not tell that they are right: correct them, or give --pixel-values stored"
        .formatted(
            platform().bands().get(band).name(),
            common[0],
            common[1],
            scales.get(band)[0],
            scales.get(band)[1]);
  }
}
