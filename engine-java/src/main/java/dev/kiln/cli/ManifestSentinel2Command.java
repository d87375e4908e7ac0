package dev.kiln.cli;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.ListingStats;
import dev.kiln.archive.S3Inventory;
import dev.kiln.archive.SceneListFile;
import dev.kiln.archive.Sentinel2Inventory;
import dev.kiln.archive.Years;
import dev.kiln.run.AreaFile;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/**
 * {@code kiln manifest sentinel-2}: selects scenes from an S3 Inventory of {@code sentinel-cogs}.
 */
@Command(
    name = "sentinel-2",
    description = "Select Sentinel-2 L2A scenes from an S3 Inventory of sentinel-cogs.",
    footer = {
      "",
      "Example:",
      "  kiln manifest sentinel-2 --from 2023 --to 2024 --aoi area.geojson \\",
      "      -o scenes.txt.gz"
    })
public final class ManifestSentinel2Command implements Callable<Integer> {
  @ParentCommand private ManifestCommand parent;

  @Option(
      names = "--inventory",
      paramLabel = "URI",
      defaultValue = "s3://sentinel-cogs-inventory/sentinel-cogs/sentinel-cogs/",
      description =
          "manifest.json of the inventory, or the prefix of its dated snapshots, of which the"
              + " newest is used (default: ${DEFAULT-VALUE}).")
  private String inventory;

  @Option(names = "--from", paramLabel = "YEAR", description = "First year of acquisition.")
  private String from;

  @Option(names = "--to", paramLabel = "YEAR", description = "Last year of acquisition.")
  private String to;

  @Option(
      names = "--tiles",
      paramLabel = "TILE,…",
      description = "Only these MGRS tiles, such as 20HNJ,33UUP.")
  private String tiles;

  @Option(
      names = "--aoi",
      paramLabel = "FILE",
      description =
          "Only tiles that intersect the polygons of this file: GeoJSON,"
              + " GeoPackage, FlatGeobuf, GeoParquet or Shapefile, in any CRS.")
  private String aoi;

  @Option(
      names = "--latest",
      description =
          "Keep only the highest sequence number of a tile, day and satellite. Drops older"
              + " processings, but also other passes and data strips of that day.")
  private boolean latest;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Inventory files read concurrently (default: one per CPU).")
  private Integer threads;

  @Mixin private SceneListFlags output;

  @Override
  public Integer call() throws IOException {
    Optional<AreaOfInterest> area =
        aoi == null
            ? Optional.empty()
            : Optional.of(AreaFile.read("--aoi", aoi, parent.storeOptions()));
    Sentinel2Inventory wanted =
        new Sentinel2Inventory(
            OptionException.parse(() -> Years.between("--from", from, "--to", to)),
            tiles == null ? Set.of() : OptionException.parse(() -> Sentinel2Inventory.tiles(tiles)),
            area,
            latest);
    S3Inventory listing = S3Inventory.open(parent.objects(), inventory);
    int readers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    try (SceneListFile list = output.create()) {
      ListingStats tally = wanted.select(listing, readers, list::add);
      list.commit();
      output.print().printf("%s of s3://%s%n", listing.manifest(), listing.sourceBucket());
      output.report(tally);
    }
    return 0;
  }
}
