package dev.kiln.run;

import dev.kiln.chip.GsdSource;
import dev.kiln.chip.LocationOrder;
import dev.kiln.chip.PixelValues;
import dev.kiln.chip.RadiometricOffset;
import dev.kiln.error.ConfigurationException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.raster.ChipLayout;
import dev.kiln.raster.EdgeRule;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Options that decide which chips of a scene are embedded and what their vectors are. All of them
 * change the output, so all of them are recorded in the footer of every file.
 *
 * @param layout size of chips, a multiple of the patch size, and where they are
 * @param locationOrder order in which the model receives latitude and longitude
 * @param maxCloud largest share of cloud, 0 to 1, with which a chip is embedded
 * @param maxNodata largest share of pixels without data, 0 to 1, with which a chip is embedded
 * @param radiometricOffset which offset is added to stored pixel values
 * @param pixelValues how stored pixel values are interpreted
 * @param gsdSource source of the ground sample distance
 * @param area area whose chips are embedded; empty for whole scenes
 */
public record ChipOptions(
    ChipLayout layout,
    LocationOrder locationOrder,
    double maxCloud,
    double maxNodata,
    RadiometricOffset radiometricOffset,
    PixelValues pixelValues,
    GsdSource gsdSource,
    Optional<ChipArea> area) {
  /** The platform whose stored values can have an offset. */
  static final String PLATFORM_WITH_OFFSET = "sentinel-2-l2a";

  /**
   * Checks that the options apply to a platform.
   *
   * @param platform of the scenes
   * @throws ConfigurationException if an offset is given for a platform without one, or a unit of
   *     backscatter for a platform without backscatter
   */
  public void requireFits(Platform platform) {
    if (radiometricOffset == RadiometricOffset.MINUS_1000
        && !platform.productName().equals(PLATFORM_WITH_OFFSET)) {
      throw new ConfigurationException(
          "--radiometric-offset (KILN_RADIOMETRIC_OFFSET) -1000: expected platform %s, found %s: use auto"
              .formatted(PLATFORM_WITH_OFFSET, platform.name()));
    }
    boolean backscatter = pixelValues == PixelValues.POWER || pixelValues == PixelValues.AMPLITUDE;
    if (backscatter && platform.bands().stream().noneMatch(Band::isInDecibels)) {
      throw new ConfigurationException(
          "--pixel-values (KILN_PIXEL_VALUES) %s: expected a platform in decibels, found %s: use auto"
              .formatted(lower(pixelValues), platform.name()));
    }
  }

  /** {@return the default options: chips of 256 px, at most half cloud and a fifth nodata} */
  public static ChipOptions defaults() {
    return builder().build();
  }

  /** {@return a builder that starts from the defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the edge of a chip in pixels} */
  public int chipSize() {
    return layout.chipSize();
  }

  /** {@return whether masks decide about chips: not if every share is accepted} */
  public boolean needsMask() {
    return maxCloud < 1 || maxNodata < 1;
  }

  /** {@return the options by name, as the footer of a file records them} */
  public Map<String, String> byName() {
    return Map.ofEntries(
        Map.entry("aoi", area.map(ChipArea::identity).orElse("none")),
        Map.entry("aoi-rule", area.map(a -> lower(a.rule())).orElse("none")),
        Map.entry("chip", Integer.toString(chipSize())),
        Map.entry("edge", lower(layout.edge())),
        Map.entry("gsd-source", lower(gsdSource)),
        Map.entry("location-order", lower(locationOrder)),
        Map.entry("max-cloud", Double.toString(maxCloud)),
        Map.entry("max-nodata", Double.toString(maxNodata)),
        Map.entry("pixel-values", lower(pixelValues)),
        Map.entry("radiometric-offset", radiometricOffset.toString()),
        Map.entry("stride", Integer.toString(layout.stride())));
  }

  /**
   * Returns the value of an option in files that do not record it.
   *
   * @param chip recorded edge of a chip
   * @return empty if all files record it
   */
  static String unrecorded(String option, String chip) {
    return switch (option) {
      case "edge" -> lower(EdgeRule.DROP);
      case "stride" -> chip;
      default -> "";
    };
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Builds {@link ChipOptions}; what is not set keeps its default. */
  public static final class Builder {
    private int chipSize = 256;
    private OptionalInt stride = OptionalInt.empty();
    private EdgeRule edge = EdgeRule.DROP;
    private LocationOrder locationOrder = LocationOrder.TRAINED;
    private double maxCloud = 0.5;
    private double maxNodata = 0.2;
    private RadiometricOffset radiometricOffset = RadiometricOffset.AUTO;
    private PixelValues pixelValues = PixelValues.AUTO;
    private GsdSource gsdSource = GsdSource.AUTO;
    private Optional<ChipArea> area = Optional.empty();

    private Builder() {}

    /**
     * Sets the edge of a chip in pixels.
     *
     * @param pixels a multiple of 8
     * @return this builder
     */
    public Builder chipSize(int pixels) {
      this.chipSize = pixels;
      return this;
    }

    /**
     * Sets the distance from one chip to the next, in both directions.
     *
     * @param pixels at least 1; empty for chips side by side
     * @return this builder
     */
    public Builder stride(OptionalInt pixels) {
      this.stride = pixels;
      return this;
    }

    /**
     * Sets what happens at the right and lower edge of a scene.
     *
     * @param rule for pixels that no whole chip covers
     * @return this builder
     */
    public Builder edge(EdgeRule rule) {
      this.edge = rule;
      return this;
    }

    /**
     * Sets the order in which the model receives latitude and longitude.
     *
     * @param order as the model was trained, unless published vectors are to be reproduced
     * @return this builder
     */
    public Builder locationOrder(LocationOrder order) {
      this.locationOrder = order;
      return this;
    }

    /**
     * Sets the largest share of cloud, 0 to 1, with which a chip is embedded.
     *
     * @param share fraction of the chip's pixels
     * @return this builder
     */
    public Builder maxCloud(double share) {
      this.maxCloud = share;
      return this;
    }

    /**
     * Sets the largest share of pixels without data, 0 to 1, with which a chip is embedded.
     *
     * @param share fraction of the chip's pixels
     * @return this builder
     */
    public Builder maxNodata(double share) {
      this.maxNodata = share;
      return this;
    }

    /**
     * Sets which offset is added to stored pixel values.
     *
     * @param offset to remove from Sentinel-2 values
     * @return this builder
     */
    public Builder radiometricOffset(RadiometricOffset offset) {
      this.radiometricOffset = offset;
      return this;
    }

    /**
     * Sets how stored pixel values are interpreted.
     *
     * @param values their interpretation
     * @return this builder
     */
    public Builder pixelValues(PixelValues values) {
      this.pixelValues = values;
      return this;
    }

    /**
     * Sets the source of the ground sample distance.
     *
     * @param source of the value that the encoder receives
     * @return this builder
     */
    public Builder gsdSource(GsdSource source) {
      this.gsdSource = source;
      return this;
    }

    /**
     * Sets the area whose chips are embedded.
     *
     * @param polygons the area; empty for whole scenes
     * @return this builder
     */
    public Builder area(Optional<ChipArea> polygons) {
      this.area = polygons;
      return this;
    }

    /** {@return the options} */
    public ChipOptions build() {
      return new ChipOptions(
          new ChipLayout(chipSize, stride.orElse(chipSize), edge),
          locationOrder,
          maxCloud,
          maxNodata,
          radiometricOffset,
          pixelValues,
          gsdSource,
          area);
    }
  }
}
