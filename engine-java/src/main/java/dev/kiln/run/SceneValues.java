package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.archive.StoredOffset;
import dev.kiln.chip.PixelValues;
import dev.kiln.chip.RadiometricOffset;
import dev.kiln.error.SceneException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.raster.FileValidity;
import dev.kiln.raster.MissingPixels;
import dev.kiln.raster.NodataValues;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripSample;
import dev.kiln.raster.StripWindow;
import dev.kiln.type.PixelType;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Reads strips of a scene and makes their values those that the platform's statistics describe.
 *
 * <p>What stored values mean is decided once per scene, by the files, the item and the values of
 * the first strip that has data: the radiometric offset of Sentinel-2, declared scales and offsets,
 * backscatter in linear power. Where the values decide, strips from other parts of the scene are
 * looked at as well. A scene whose values cannot be what the platform expects fails.
 */
final class SceneValues {
  /** Values with an offset of +1000 are rarely lower than this. */
  private static final float LOWEST_WITH_OFFSET = 900;

  /** The offset was removed if more than this share of a band's values is lower. */
  private static final double CONTRADICTION = 0.1;

  /** The offset is present, without other evidence, if at most this share of a band is below it. */
  private static final double PROOF = 0.01;

  private static final float OFFSET = 1000;

  /** Strips besides the first that are looked at where values decide. */
  private static final int OTHER_STRIPS = 3;

  /** Linear power of land and water is lower than this in the median. */
  private static final float HIGHEST_MEDIAN_POWER = 1.5f;

  /** Values of another scale are smaller than the mean by this factor in all bands. */
  private static final float OTHER_SCALE = 200;

  /** Values that are smaller than the mean by this factor in all bands are suspicious. */
  private static final float SUSPICIOUS_SCALE = 20;

  /** Values whose median is higher than this, in standard deviations, are of another scale. */
  private static final float HIGHEST_MEDIAN = 20;

  private final Scene scene;
  private final Platform platform;
  private final ChipOptions options;
  private final List<double[]> declared;
  private final SceneDecisions decisions;
  private final NodataValues nodata;
  private boolean decided;
  private int offset;
  private boolean scaled;
  private boolean power;

  /**
   * Creates the reader of a scene.
   *
   * @param nodata rule for pixels without data, in stored values
   * @param declared scale and offset of each band that its file declares; empty for stored values
   * @param decisions receives what is decided
   */
  SceneValues(
      Scene scene,
      Platform platform,
      ChipOptions options,
      NodataValues nodata,
      List<Optional<double[]>> declared,
      SceneDecisions decisions) {
    this.scene = scene;
    this.platform = platform;
    this.options = options;
    this.nodata = nodata;
    this.declared = declared.stream().map(d -> d.orElse(new double[] {1, 0})).toList();
    this.decisions = decisions;
  }

  /**
   * A strip that is ready for the encoder.
   *
   * @param strip pixels; pixels without data are blank
   * @param missing pixels without data
   */
  record Prepared(Strip strip, MissingPixels missing) {}

  /**
   * Reads a strip.
   *
   * @param section strips whose bytes are in memory, top first; the window is one of them
   * @param memory pool that the strip's memory is taken from
   * @return the strip, owned by the caller
   * @throws SceneException permanent if a tile cannot be decoded, or values are of another scale
   */
  Prepared read(
      SceneRaster raster, StripWindow window, List<StripWindow> section, BufferPool memory)
      throws SceneException {
    Strip strip = raster.read(window, memory);
    try (FileValidity validity = raster.validity(window, memory)) {
      MissingPixels missing = nodata.find(strip, window, validity);
      if (!decided) {
        StripSample sample = StripSample.of(strip, window, missing, nodata);
        if (!sample.isEmpty()) {
          if (isInDoubt(sample)) {
            sample = sample.plus(others(raster, window, section, memory, sample));
          }
          decide(raster, strip, sample);
          decided = true;
        }
      }
      NodataValues rule = nodata;
      if (scaled) {
        Strip floats = nodata.scale(strip, window, validity, declared, memory);
        strip.close();
        strip = floats;
        rule = nodata.withoutValues();
      } else if (power) {
        nodata.blank(strip, window, validity, missing);
        NodataValues.toDecibels(strip, window);
        rule = nodata.withoutValues();
      }
      if (rule != nodata) {
        missing = rule.find(strip, window, validity);
      }
      strip = strip.withRadiometricOffset(offset);
      rule.blank(strip, window, validity, missing);
      return new Prepared(strip, missing);
    } catch (RuntimeException | Error e) {
      strip.close();
      throw e;
    }
  }

  /** Returns whether the values and not the metadata decide. */
  private boolean isInDoubt(StripSample sample) {
    boolean tagged = declared.stream().anyMatch(d -> d[0] != 1 || d[1] != 0);
    boolean positive = isInDecibels() && all(sample, b -> sample.shareBelow(b, 0) <= 0.001);
    if (options.pixelValues() == PixelValues.AUTO
        && (tagged || positive || implausible(sample, false).isPresent())) {
      return true;
    }
    StoredOffset stated = scene.storedOffset();
    return platform.name().equals(ChipOptions.PLATFORM_WITH_OFFSET)
        && options.radiometricOffset() == RadiometricOffset.AUTO
        && (stated == StoredOffset.UNKNOWN
            || stated == StoredOffset.PROBABLE
                && any(sample, b -> sample.shareBelow(b, LOWEST_WITH_OFFSET) > CONTRADICTION));
  }

  /** Returns a sample of other strips, as far apart as those in memory are. */
  private StripSample others(
      SceneRaster raster,
      StripWindow window,
      List<StripWindow> windows,
      BufferPool memory,
      StripSample sample)
      throws SceneException {
    StripSample others = new StripSample(sample.bands().stream().map(b -> new float[0]).toList());
    Set<StripWindow> chosen = new LinkedHashSet<>();
    for (int i = 1; i <= OTHER_STRIPS; i++) {
      chosen.add(windows.get((windows.size() - 1) * i / OTHER_STRIPS));
    }
    chosen.remove(window);
    for (StripWindow other : chosen) {
      try (Strip strip = raster.read(other, memory);
          FileValidity validity = raster.validity(other, memory)) {
        MissingPixels missing = nodata.find(strip, other, validity);
        others = others.plus(StripSample.of(strip, other, missing, nodata));
      }
    }
    return others;
  }

  private void decide(SceneRaster raster, Strip strip, StripSample sample) throws SceneException {
    if (options.pixelValues() == PixelValues.AUTO) {
      decideScale(raster, strip, sample);
    }
    if (scaled) {
      return;
    }
    if (isInDecibels() && options.pixelValues() == PixelValues.AUTO) {
      decidePower(raster, strip, sample);
    }
    if (platform.name().equals(ChipOptions.PLATFORM_WITH_OFFSET)) {
      decideOffset(sample);
    }
  }

  private boolean isInDecibels() {
    return platform.bands().stream().allMatch(band -> band.mean() < 0);
  }

  // Scale.

  private void decideScale(SceneRaster raster, Strip strip, StripSample sample)
      throws SceneException {
    boolean declares = declared.stream().anyMatch(d -> d[0] != 1 || d[1] != 0);
    boolean picture =
        strip.bands().stream().allMatch(plane -> plane.type() == PixelType.UINT8)
            && platform.bands().stream().allMatch(band -> band.mean() > 0xFF);
    Optional<String> storedFault =
        picture ? Optional.of("uint8 pixels, such as a picture") : implausible(sample, false);
    if (declares) {
      if (implausible(sample, true).isEmpty()) {
        scaled = true;
        double[] first = declared.get(0);
        decisions.warn(
            "value-scale", "scaled by the file's tags (first band: × %s + %s)", first[0], first[1]);
        return;
      }
      if (storedFault.isEmpty()) {
        decisions.warn("value-scale", "as stored; the file's scale and offset tags are ignored");
        return;
      }
    }
    if (storedFault.isPresent()) {
      throw SceneException.permanent(
          raster.objectKey(),
          "expected pixel values of %s, found values of another scale: %s; convert the file or use --pixel-values stored"
              .formatted(platform.name(), storedFault.get()));
    }
    if (!isInDecibels()
        && all(sample, b -> quantile(sample, b, 0.999, false) < mean(b) / SUSPICIOUS_SCALE)) {
      decisions.warn(
          "value-scale",
          "suspiciously small: band %s has a maximum of %s, mean of the platform %s",
          band(0).name(),
          quantile(sample, 0, 0.999, false),
          band(0).mean());
    }
  }

  /** Returns why values cannot be those of the platform; empty if they can. */
  private Optional<String> implausible(StripSample sample, boolean applyTags) {
    if (isInDecibels()) {
      // Positive values are looked at in another place.
      boolean plausible =
          !applyTags
              || any(sample, b -> quantile(sample, b, 0.5, true) < 0)
                  && all(sample, b -> Math.abs(quantile(sample, b, 0.5, true)) < 100);
      return plausible ? Optional.empty() : Optional.of("not decibels");
    }
    if (all(sample, b -> quantile(sample, b, 0.999, applyTags) < mean(b) / OTHER_SCALE)) {
      return Optional.of(describe(sample, applyTags));
    }
    if (all(
        sample,
        b ->
            quantile(sample, b, 0.5, applyTags)
                > mean(b) + HIGHEST_MEDIAN * (float) band(b).std())) {
      return Optional.of(describe(sample, applyTags));
    }
    return Optional.empty();
  }

  private String describe(StripSample sample, boolean applyTags) {
    int b = firstBand(sample);
    return String.format(
        Locale.ROOT,
        "band %s has a median of %s and a maximum of %s, mean of the platform %s",
        band(b).name(),
        quantile(sample, b, 0.5, applyTags),
        quantile(sample, b, 0.999, applyTags),
        band(b).mean());
  }

  // Backscatter.

  private void decidePower(SceneRaster raster, Strip strip, StripSample sample)
      throws SceneException {
    if (any(sample, b -> sample.shareBelow(b, 0) > 0.001)) {
      return;
    }
    boolean floats = strip.bands().stream().allMatch(plane -> plane.type() == PixelType.FLOAT32);
    if (floats && all(sample, b -> quantile(sample, b, 0.5, false) < HIGHEST_MEDIAN_POWER)) {
      power = true;
      decisions.warn("value-scale", "linear power, converted to dB");
      return;
    }
    throw SceneException.permanent(
        raster.objectKey(),
        "expected backscatter of %s in dB, found positive values only: %s; convert the file or use --pixel-values stored"
            .formatted(platform.name(), describe(sample, false)));
  }

  // Sentinel-2.

  private void decideOffset(StripSample sample) {
    StoredOffset stated = scene.storedOffset();
    double lowest = 0;
    for (int b = 0; b < sample.bands().size(); b++) {
      lowest = Math.max(lowest, sample.shareBelow(b, LOWEST_WITH_OFFSET));
    }
    double below = 0;
    for (int b = 0; b < sample.bands().size(); b++) {
      below = Math.max(below, sample.shareBelow(b, OFFSET));
    }
    boolean contradicted = lowest > CONTRADICTION;
    boolean proved = below <= PROOF;
    switch (options.radiometricOffset()) {
      case NONE -> decisions.note("offset", "0 (option)");
      case MINUS_1000 -> {
        offset = -1000;
        decisions.note("offset", "-1000 (option)");
      }
      case AUTO -> {
        switch (stated) {
          case NONE -> {
            if (proved) {
              decisions.warn(
                  "offset", "0 (metadata), but no value is below 1000: check --radiometric-offset");
            }
          }
          case CERTAIN -> {
            offset = -1000;
            decisions.note("offset", "-1000 (collection)");
          }
          case PROBABLE -> {
            offset = contradicted ? 0 : -1000;
            if (contradicted) {
              decisions.warn(
                  "offset",
                  "0 (values: many are below 1000, although the metadata state an offset)");
            } else {
              decisions.note("offset", "-1000 (processing baseline)");
            }
          }
          case UNKNOWN -> {
            offset = proved ? -1000 : 0;
            if (proved) {
              decisions.warn("offset", "-1000 (values: none is below 1000)");
            } else {
              decisions.note("offset", "0 (values: some are below 1000)");
            }
          }
        }
      }
    }
  }

  // Bands.

  private Band band(int index) {
    return platform.bands().get(index);
  }

  private float mean(int index) {
    return (float) band(index).mean();
  }

  private static int firstBand(StripSample sample) {
    int b = 0;
    while (sample.bands().get(b).length == 0) {
      b++;
    }
    return b;
  }

  private float quantile(StripSample sample, int band, double quantile, boolean applyTags) {
    double[] tags = declared.get(band);
    if (!applyTags) {
      return sample.quantile(band, quantile);
    }
    double flipped = tags[0] < 0 ? 1 - quantile : quantile;
    return (float) (sample.quantile(band, flipped) * tags[0] + tags[1]);
  }

  private static boolean all(StripSample sample, IntPredicate predicate) {
    for (int b = 0; b < sample.bands().size(); b++) {
      if (sample.bands().get(b).length > 0 && !predicate.test(b)) {
        return false;
      }
    }
    return true;
  }

  private static boolean any(StripSample sample, IntPredicate predicate) {
    return !all(sample, predicate.negate());
  }
}
