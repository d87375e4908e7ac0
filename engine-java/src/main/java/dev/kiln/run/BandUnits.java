package dev.kiln.run;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.BandUnit;
import dev.kiln.platform.Platform;
import java.util.List;

/** Compares values, and what metadata state about them, with the units of a platform's bands. */
final class BandUnits {
  private BandUnits() {}

  /**
   * Checks the values of a scene.
   *
   * @param key of the file, for messages
   * @param platform whose units are expected
   * @param values of some strips
   * @param evidence what files and item state about each band
   * @param decisions receives units that are guessed
   * @throws SceneException permanent if values are of another unit, or it depends on a guess what
   *     they are
   */
  static void require(
      String key,
      Platform platform,
      SampledValues values,
      List<Backscatter.Evidence> evidence,
      SceneDecisions decisions)
      throws SceneException {
    for (int b = 0; b < platform.bands().size(); b++) {
      Band band = platform.bands().get(b);
      if (band.isUnitInDoubt()) {
        requireUndoubted(key, platform, values, b, decisions);
      }
      if (band.unit().isPresent()) {
        requireStated(key, band, values, b, evidence.get(b));
      }
      boolean decibels = band.isInDecibels() && band.scale().isEmpty();
      if (decibels && !values.isInDecibels() && values.hasValues(b) && values.isPositive(b)) {
        throw SceneException.permanent(
            key,
            "band %s: expected decibels, found positive values only, with a median of %s: convert the file"
                .formatted(band.name(), values.median(b)));
      }
    }
  }

  /** Accepts values that are the same in any unit, or that cannot be of the other one. */
  private static void requireUndoubted(
      String key, Platform platform, SampledValues values, int index, SceneDecisions decisions)
      throws SceneException {
    Band band = platform.bands().get(index);
    boolean decibels = band.isInDecibels();
    if (values.hasValues(index)
        && (decibels ? values.isPositive(index) : band.mean() > 0 && values.median(index) < 0)) {
      throw SceneException.permanent(
          key,
          "band %s: expected platform %s to state its unit, because a mean of %s and a median of %s can be of backscatter or not, found none: state unit (%s) in its platform file"
              .formatted(
                  band.name(), platform.name(), band.mean(), values.median(index), BandUnit.all()));
    }
    decisions.warn(
        "unit",
        "band %s: %s, guessed by its mean: state unit in the platform file",
        band.name(),
        decibels ? "dB" : "not dB");
  }

  private static void requireStated(
      String key, Band band, SampledValues values, int index, Backscatter.Evidence evidence)
      throws SceneException {
    BandUnit unit = band.unit().orElseThrow();
    String found =
        switch (unit) {
          case DECIBELS -> "";
          case POWER -> evidence.states(Backscatter.AMPLITUDE) ? "amplitude" : ofDecibels(evidence);
          case AMPLITUDE -> evidence.states(Backscatter.POWER) ? "power" : ofDecibels(evidence);
          case OTHER -> ofDecibels(evidence);
        };
    boolean backscatter = unit == BandUnit.POWER || unit == BandUnit.AMPLITUDE;
    if (found.isEmpty()
        && backscatter
        && band.scale().isEmpty()
        && values.hasValues(index)
        && !values.isPositive(index)) {
      found = "negative values";
    }
    if (!found.isEmpty()) {
      throw SceneException.permanent(
          key,
          "band %s: expected the unit %s of its platform file, found %s: convert the file, or correct the unit"
              .formatted(band.name(), unit, found));
    }
  }

  private static String ofDecibels(Backscatter.Evidence evidence) {
    return evidence.statesDecibels() ? "dB in the metadata" : "";
  }
}
