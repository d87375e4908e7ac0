package dev.kiln.cli;

import dev.kiln.chip.LocationOrder;
import dev.kiln.chip.RadiometricOffset;
import dev.kiln.error.ConfigurationException;
import dev.kiln.run.ChipOptions;
import picocli.CommandLine.Option;

/** What is embedded of a scene. These change the output, so they stand in its footer. */
final class ChipFlags {
  @Option(
      names = "--chip",
      paramLabel = "PX",
      defaultValue = "256",
      description = "Chip edge in pixels.")
  private int chip;

  @Option(
      names = "--max-cloud",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description = "Leave out chips with more cloud.")
  private double maxCloud;

  @Option(
      names = "--max-nodata",
      paramLabel = "SHARE",
      defaultValue = "0.2",
      description = "Leave out chips with more pixels without data.")
  private double maxNodata;

  @Option(
      names = "--location-order",
      paramLabel = "ORDER",
      defaultValue = "trained",
      description =
          "trained: latitude first, as the model was; swapped: as in vectors published before.")
  private LocationOrder locationOrder;

  @Option(
      names = "--radiometric-offset",
      paramLabel = "OFFSET",
      defaultValue = "auto",
      description =
          "Sentinel-2: auto subtracts 1000 from sentinel-2-c1-l2a and takes sentinel-2-l2a as"
              + " stored; none never does; -1000 always.")
  private RadiometricOffset radiometricOffset;

  ChipOptions options() {
    Range.atLeast("--chip", chip, 8);
    if (chip % 8 != 0) {
      throw new ConfigurationException("--chip " + chip + ": a multiple of 8, the patch, expected");
    }
    Range.share("--max-cloud", maxCloud);
    Range.share("--max-nodata", maxNodata);
    return new ChipOptions(chip, locationOrder, maxCloud, maxNodata, radiometricOffset);
  }
}
