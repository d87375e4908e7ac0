package dev.kiln.cli;

import dev.kiln.chip.GsdSource;
import dev.kiln.chip.LocationOrder;
import dev.kiln.chip.PixelValues;
import dev.kiln.chip.RadiometricOffset;
import dev.kiln.run.ChipArea;
import dev.kiln.run.ChipOptions;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Options that choose and describe chips. They change the output and are recorded in its footer.
 */
@Heading.Under(Heading.CHIPS)
final class ChipFlags {
  @Mixin private LayoutFlags layoutFlags;

  @Option(
      names = "--max-cloud",
      paramLabel = "FRACTION",
      defaultValue = "0.5",
      description = "Skip chips whose cloud fraction exceeds this (default: ${DEFAULT-VALUE}).")
  private double maxCloud;

  @Option(
      names = "--max-nodata",
      paramLabel = "FRACTION",
      defaultValue = "0.2",
      description = "Skip chips whose nodata fraction exceeds this (default: ${DEFAULT-VALUE}).")
  private double maxNodata;

  @Option(
      names = "--location-order",
      paramLabel = "ORDER",
      defaultValue = "trained",
      description =
          "Order of the location encoding: trained (latitude first, as in training) or"
              + " swapped (as in earlier published vectors) (default: ${DEFAULT-VALUE}).")
  private LocationOrder locationOrder;

  @Option(
      names = "--radiometric-offset",
      paramLabel = "OFFSET",
      defaultValue = "auto",
      description =
          "Offset added to Sentinel-2 values: auto (by collection, processing baseline and, in"
              + " doubt, the pixels), none, or -1000 (default: ${DEFAULT-VALUE}).")
  private RadiometricOffset radiometricOffset;

  @Option(
      names = "--pixel-values",
      paramLabel = "MODE",
      defaultValue = "auto",
      description =
          "auto applies scale tags, converts backscatter to dB and rejects values of another scale;"
              + " power and amplitude say which backscatter is stored; stored uses stored values"
              + " unchecked (default: ${DEFAULT-VALUE}).")
  private PixelValues pixelValues;

  @Option(
      names = "--gsd",
      paramLabel = "SOURCE",
      defaultValue = "auto",
      description =
          "Source of the ground sample distance: auto (the file's pixel size; for NAIP the scene"
              + " key), file or metadata (default: ${DEFAULT-VALUE}).")
  private GsdSource gsdSource;

  /**
   * Returns the options, checked.
   *
   * @param area whose chips are embedded; empty for whole scenes
   */
  ChipOptions options(Optional<ChipArea> area) {
    layoutFlags.requireValid();
    Range.fraction("--max-cloud", maxCloud);
    Range.fraction("--max-nodata", maxNodata);
    return ChipOptions.builder()
        .chipSize(layoutFlags.chipSize())
        .stride(layoutFlags.stride())
        .edge(layoutFlags.edge())
        .locationOrder(locationOrder)
        .maxCloud(maxCloud)
        .maxNodata(maxNodata)
        .radiometricOffset(radiometricOffset)
        .pixelValues(pixelValues)
        .gsdSource(gsdSource)
        .area(area)
        .build();
  }
}
