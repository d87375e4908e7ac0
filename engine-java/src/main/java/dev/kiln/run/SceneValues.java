package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.archive.StoredOffset;
import dev.kiln.chip.PixelValues;
import dev.kiln.chip.RadiometricOffset;
import dev.kiln.error.SceneException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.Strip;
import dev.kiln.platform.BandScale;
import dev.kiln.platform.Platform;
import dev.kiln.raster.FileValidity;
import dev.kiln.raster.MissingPixels;
import dev.kiln.raster.NodataValues;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripConversion;
import dev.kiln.raster.StripSample;
import dev.kiln.raster.StripWindow;
import dev.kiln.type.PixelType;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Reads strips of a scene and makes their values those that the platform's statistics describe.
 *
 * <p>What stored values mean is decided once per scene, by the files, the item and the values of
 * the first strip that has data: the radiometric offset of Sentinel-2, declared scales and offsets,
 * backscatter in linear power. Where the values decide, strips from other parts of the scene are
 * looked at as well. A scene whose values cannot be what the platform expects fails.
 */
final class SceneValues {
  /** Strips besides the first that are looked at where values decide. */
  private static final int OTHER_STRIPS = 3;

  private final Scene scene;
  private final Platform platform;
  private final ChipOptions options;
  private final List<double[]> tags;
  private final boolean byItem;
  private final List<Backscatter.Evidence> evidence;
  private final Optional<Backscatter> unit;
  private final SceneDecisions decisions;
  private final Set<Integer> alphaBands;
  private NodataValues nodata;
  private NodataValues decibels;
  private List<double[]> declared;
  private boolean decided;
  private int offset;
  private boolean scaled;
  private Optional<Backscatter> linear = Optional.empty();

  /**
   * Creates the reader of a scene.
   *
   * @param nodata rule for pixels without data, in stored values
   * @param alphaBands bands, from 0, that their file tags as alpha
   * @param declared scale and offset of each band that its file declares; empty for stored values
   * @param stated those that the item states, which count if no file declares any
   * @param evidence what files and item state about the values of each band in words
   * @param decisions receives what is decided
   */
  SceneValues(
      Scene scene,
      Platform platform,
      ChipOptions options,
      NodataValues nodata,
      Set<Integer> alphaBands,
      List<Optional<double[]>> declared,
      List<Optional<double[]>> stated,
      List<Backscatter.Evidence> evidence,
      SceneDecisions decisions) {
    this.scene = scene;
    this.evidence = List.copyOf(evidence);
    this.unit = Backscatter.stated(evidence);
    this.platform = platform;
    this.options = options;
    this.nodata = nodata;
    this.alphaBands = Set.copyOf(alphaBands);
    List<Optional<double[]>> own =
        platform.bands().stream().map(band -> band.scale().map(BandScale::values)).toList();
    boolean converted = own.stream().anyMatch(Optional::isPresent);
    this.byItem =
        !converted
            && declared.stream().allMatch(Optional::isEmpty)
            && stated.stream().anyMatch(Optional::isPresent);
    this.tags = orStored(declared);
    this.declared = orStored(converted ? own : byItem ? stated : declared);
    this.decisions = decisions;
  }

  private static List<double[]> orStored(List<Optional<double[]>> scales) {
    return scales.stream().map(scale -> scale.orElseGet(BandScale.STORED::values)).toList();
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
        if (sample.isEmpty() && StripSample.hasOtherUnits(strip, window, nodata)) {
          throw otherScale(
              raster, "pixel values of %s", "values of another scale", "none is plausible");
        }
        if (!sample.isEmpty()) {
          if (isInDoubt(values(sample))) {
            sample = sample.plus(others(raster, window, section, memory, sample));
          }
          decide(raster, strip, values(sample));
          decided = true;
          if (!scaled) {
            decibels = nodata.withoutValues();
            nodata = linear.isPresent() ? nodata.asPower() : nodata.asStored();
            missing = nodata.find(strip, window, validity);
          }
        }
      }
      NodataValues rule = nodata;
      if (scaled) {
        Strip floats =
            StripConversion.scale(strip, window, validity, nodata, missing, declared, memory);
        strip.close();
        strip = floats;
        rule = nodata.withoutValues();
      } else if (linear.isPresent()) {
        rule.blank(strip, window, validity, missing);
        StripConversion.toDecibels(strip, window, linear.get().factor());
        rule = decibels;
      }
      if (linear.isPresent()) {
        // Power that is not positive has no decibels.
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

  private SampledValues values(StripSample sample) {
    return new SampledValues(sample, platform, declared);
  }

  /** Returns whether the values and not the metadata decide. */
  private boolean isInDoubt(SampledValues values) {
    boolean positive = values.isInDecibels() && values.isPositive();
    if (options.pixelValues() == PixelValues.AUTO
        && (values.areDeclared() && !byItem
            || positive
            || byItem && !values.areLikelyDecibels()
            || values.implausible(false).isPresent())) {
      return true;
    }
    return options.radiometricOffset() == RadiometricOffset.AUTO
        && StoredOffsetRule.isInDoubt(scene.storedOffset(), values);
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

  private void decide(SceneRaster raster, Strip strip, SampledValues sampled)
      throws SceneException {
    SampledValues values = sampled;
    requireNoOpacity(raster, values);
    boolean sentinel2 = platform.productName().equals(ChipOptions.PLATFORM_WITH_OFFSET);
    if (sentinel2
        && !byItem
        && !values.isConverted()
        && values.declareOffset(StoredOffsetRule.OFFSET)
        && (platform.product().isEmpty() || values.implausible(false).isEmpty())) {
      // Applied as an offset and not as a scale, so that gaps stay 0. Items are known to state it
      // although it has been removed.
      offset = StoredOffsetRule.ofTags(options.radiometricOffset(), decisions);
      return;
    }
    StoredOffset stated = scene.storedOffset();
    if (sentinel2 && !byItem && values.declareOffsetOfSome(StoredOffsetRule.OFFSET)) {
      // A product has the offset in all bands, whichever of its files state it.
      declared = declared.stream().map(tags -> BandScale.STORED.values()).toList();
      values = values(values.sample());
      stated = stated == StoredOffset.UNKNOWN ? StoredOffset.PROBABLE : stated;
    }
    if (options.pixelValues() == PixelValues.AUTO) {
      BandUnits.require(raster.objectKey(), platform, values, evidence, decisions);
      if (values.isConverted()) {
        decideOwnScale(raster, values, sentinel2);
      } else {
        decideScale(raster, strip, values);
      }
    }
    if (scaled) {
      return;
    }
    if (values.isInDecibels() && options.pixelValues() != PixelValues.STORED) {
      decideUnit(raster, strip, values);
    }
    if (sentinel2) {
      offset = StoredOffsetRule.decide(options.radiometricOffset(), stated, values, decisions);
    } else if (options.radiometricOffset() == RadiometricOffset.AUTO
        && options.pixelValues() == PixelValues.AUTO
        && StoredOffsetRule.isPresent(scene.storedOffset(), values)) {
      throw SceneException.permanent(
          raster.objectKey(),
          "expected platform %s to state whether its statistics contain Sentinel-2's offset of 1000, as these values do, found nothing: state product: %s in its platform file to subtract it, or give --radiometric-offset none"
              .formatted(platform.name(), ChipOptions.PLATFORM_WITH_OFFSET));
    }
  }

  /** Converts values as the platform states, with the offset of Sentinel-2 where it reads those. */
  private void decideOwnScale(SceneRaster raster, SampledValues values, boolean sentinel2)
      throws SceneException {
    int subtracted =
        sentinel2
            ? StoredOffsetRule.decide(
                options.radiometricOffset(), scene.storedOffset(), values, decisions)
            : 0;
    declared =
        declared.stream()
            .map(scale -> new double[] {scale[0], scale[1] + scale[0] * subtracted})
            .toList();
    SampledValues own = new SampledValues(values.sample(), platform, declared);
    Optional<String> fault = own.implausible(true);
    if (fault.isPresent()) {
      throw otherScale(
          raster,
          "pixel values of %s, converted as its platform file states",
          "values of another scale",
          fault.get());
    }
    SampledValues tagged = new SampledValues(values.sample(), platform, tags);
    for (int b = 0; b < tags.size() && tagged.areDeclared(); b++) {
      if (!OddScale.isSame(tags.get(b), declared.get(b)) && tagged.implausible(true).isEmpty()) {
        throw SceneException.permanent(
            raster.objectKey(),
            "band %s: expected × %s + %s, as the platform file states, found tags of × %s + %s: correct the wrong one"
                .formatted(
                    platform.bands().get(b).name(),
                    declared.get(b)[0],
                    declared.get(b)[1],
                    tags.get(b)[0],
                    tags.get(b)[1]));
      }
    }
    scaled = declared.stream().anyMatch(scale -> scale[0] != 1 || scale[1] != 0);
    double[] first = declared.get(0);
    decisions.note(
        "value-scale", "as the platform file states (first band: × %s + %s)", first[0], first[1]);
  }

  /**
   * NAIP tags near infrared as alpha; images with real opacity, which some programs do not tag,
   * have no near infrared.
   */
  private void requireNoOpacity(SceneRaster raster, SampledValues values) throws SceneException {
    int bands = platform.bands().size();
    boolean opaque = IntStream.range(0, bands).allMatch(values::isOpaque);
    for (int band = 0; band < bands && options.pixelValues() != PixelValues.STORED; band++) {
      boolean alpha = alphaBands.contains(band) && values.isOpacity(band);
      if (alpha || bands > 1 && values.isOpaque(band) && !opaque) {
        throw SceneException.permanent(
            raster.objectKey(),
            "band %s: expected measurements, found an alpha band whose values are 0 or the highest: use a platform without that band"
                .formatted(platform.bands().get(band).name()));
      }
    }
  }

  private void decideScale(SceneRaster raster, Strip strip, SampledValues values)
      throws SceneException {
    boolean picture =
        strip.bands().stream().allMatch(plane -> plane.type() == PixelType.UINT8)
            && platform.bands().stream().allMatch(band -> band.mean() > 0xFF);
    Optional<String> storedFault =
        picture ? Optional.of("uint8 pixels, such as a picture") : values.implausible(false);
    Optional<String> otherUnit = values.otherUnit();
    if (otherUnit.isPresent()) {
      throw otherScale(raster, "pixel values of %s", "those of another product", otherUnit.get());
    }
    if (byItem) {
      decideStatedScale(raster, values, storedFault);
      if (scaled) {
        return;
      }
    } else if (values.areDeclared()) {
      boolean decibels = values.isInDecibels() && storedFault.isEmpty();
      boolean stored = decibels && values.areLikelyDecibels();
      if (!stored && values.implausible(true).isEmpty()) {
        scaled = true;
        requireNoOddScale(raster, new OddScale(values, declared).ofApplied());
        double[] first = declared.get(0);
        decisions.warn(
            "value-scale", "scaled by the file's tags (first band: × %s + %s)", first[0], first[1]);
        return;
      }
      if (storedFault.isEmpty()) {
        requireNoOddScale(raster, new OddScale(values, declared).ofIgnored());
        decisions.warn("value-scale", "as stored; the file's scale and offset tags are ignored");
        return;
      }
    }
    if (storedFault.isPresent()) {
      throw otherScale(raster, "pixel values of %s", "values of another scale", storedFault.get());
    }
    values.suspicion().ifPresent(text -> decisions.warn("value-scale", "%s", text));
  }

  /**
   * Decides whether the scale that an item states is applied: only to values that cannot be stored
   * values of the platform. Most catalogues state how to compute reflectance or radiance from the
   * digital numbers that the platform's statistics describe.
   */
  private void decideStatedScale(
      SceneRaster raster, SampledValues values, Optional<String> storedFault)
      throws SceneException {
    boolean stored = storedFault.isEmpty() && values.areLikelyDecibels();
    double[] first = declared.get(0);
    if (!stored && values.implausible(true).isEmpty()) {
      scaled = true;
      requireNoOddScale(raster, new OddScale(values, declared).ofApplied());
      decisions.warn(
          "value-scale", "scaled as the item states (first band: × %s + %s)", first[0], first[1]);
    } else if (stored) {
      decisions.note(
          "value-scale", "as stored; the item states × %s + %s (first band)", first[0], first[1]);
    }
  }

  private static void requireNoOddScale(SceneRaster raster, Optional<String> fault)
      throws SceneException {
    if (fault.isPresent()) {
      throw SceneException.permanent(raster.objectKey(), fault.get());
    }
  }

  /** Decides whether backscatter is in decibels, in linear power or an amplitude. */
  private void decideUnit(SceneRaster raster, Strip strip, SampledValues values)
      throws SceneException {
    boolean auto = options.pixelValues() == PixelValues.AUTO;
    if (!values.isPositive()) {
      if (!auto || values.isPartlyPositive()) {
        throw otherScale(
            raster,
            auto ? "backscatter of %s in dB" : "positive values of %s",
            "values that are neither decibels nor linear power",
            values.describe(false));
      }
      return;
    }
    Optional<Backscatter> found =
        switch (options.pixelValues()) {
          case POWER -> Optional.of(Backscatter.POWER);
          case AMPLITUDE -> Optional.of(Backscatter.AMPLITUDE);
          default ->
              unit.isEmpty() && values.proveLinearPower() ? Optional.of(Backscatter.POWER) : unit;
        };
    boolean floats = strip.bands().stream().allMatch(plane -> plane.type() == PixelType.FLOAT32);
    if (!floats || !values.isPossibleAs(found.orElse(Backscatter.POWER))) {
      throw otherScale(
          raster, "backscatter of %s in dB", "positive values only", values.describe(false));
    }
    if (found.isEmpty()) {
      throw SceneException.permanent(
          raster.objectKey(),
          "expected backscatter of %s in dB, found positive values that can be linear power or amplitude: %s; state which with --pixel-values power or --pixel-values amplitude"
              .formatted(platform.name(), values.describe(false)));
    }
    linear = found;
    String source =
        !auto ? "--pixel-values" : unit.isPresent() ? "stated in the metadata" : "by the values";
    decisions.warn("value-scale", "%s (%s), converted to dB", found.get().text(), source);
  }

  private SceneException otherScale(
      SceneRaster raster, String expected, String found, String description) {
    return SceneException.permanent(
        raster.objectKey(),
        "expected %s, found %s: %s; convert the file or use --pixel-values stored"
            .formatted(expected.formatted(platform.name()), found, description));
  }
}
