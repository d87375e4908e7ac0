package dev.kiln.cli;

import dev.kiln.fetch.StoreOptions;
import dev.kiln.run.AreaFile;
import dev.kiln.run.ChipArea;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options for the area whose chips are embedded. */
@Heading.Under(Heading.CHIPS)
final class AreaFlags {
  @Option(
      names = "--aoi",
      paramLabel = "URI",
      description =
          "Embed only chips in the polygons of this file, and read only their bytes: GeoJSON,"
              + " GeoPackage, FlatGeobuf, GeoParquet or Shapefile, in any CRS.")
  private String aoi;

  @Option(
      names = "--aoi-rule",
      paramLabel = "RULE",
      defaultValue = "intersects",
      description =
          "Chips that are in the area: intersects (they have a point in common) or within (they"
              + " are inside as a whole) (default: ${DEFAULT-VALUE}).")
  private ChipArea.Rule rule;

  /** Returns the file of the area, if one is given. */
  Optional<String> uri() {
    return Optional.ofNullable(aoi);
  }

  /** Reads the area; empty if none is given. */
  Optional<ChipArea> read(StoreOptions options) throws IOException {
    return aoi == null
        ? Optional.empty()
        : Optional.of(new ChipArea(AreaFile.read("--aoi", aoi, options), rule));
  }
}
