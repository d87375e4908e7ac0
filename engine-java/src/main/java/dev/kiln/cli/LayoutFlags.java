package dev.kiln.cli;

import dev.kiln.raster.ChipLayout;
import dev.kiln.raster.EdgeRule;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** Options for the arrangement of chips on a scene. */
@Heading.Under(Heading.CHIPS)
final class LayoutFlags {
  @Option(
      names = "--chip",
      paramLabel = "PX",
      defaultValue = "256",
      description = "Edge of a chip in pixels, a multiple of 8 (default: ${DEFAULT-VALUE}).")
  private int chipSize;

  @Option(
      names = "--stride",
      paramLabel = "PX",
      description =
          "Distance from one chip to the next in pixels: less than --chip for chips that overlap,"
              + " more for gaps between them (default: --chip).")
  private Integer stride;

  @Option(
      names = "--edge",
      paramLabel = "RULE",
      defaultValue = "drop",
      description =
          "Right and lower edge of a scene: drop leaves out what is not a whole chip, shift moves"
              + " the last column and row of chips inward, pad embeds chips over the edge, with"
              + " pixels without data (default: ${DEFAULT-VALUE}).")
  private EdgeRule edge;

  /** Checks the values. */
  void requireValid() {
    Range.atLeast("--chip", chipSize, 8);
    if (chipSize % 8 != 0) {
      throw new OptionException(
          "--chip: expected a multiple of 8 (the patch size), found " + chipSize);
    }
    if (stride != null) {
      Range.atLeast("--stride", stride, 1);
    }
  }

  /** Returns the edge of a chip in pixels. */
  int chipSize() {
    return chipSize;
  }

  /** Returns the distance between chips in pixels; empty for chips side by side. */
  OptionalInt stride() {
    return stride == null ? OptionalInt.empty() : OptionalInt.of(stride);
  }

  /** Returns the rule for the right and lower edge. */
  EdgeRule edge() {
    return edge;
  }

  /** Returns the arrangement, checked. */
  ChipLayout layout() {
    requireValid();
    return new ChipLayout(chipSize, stride == null ? chipSize : stride, edge);
  }
}
