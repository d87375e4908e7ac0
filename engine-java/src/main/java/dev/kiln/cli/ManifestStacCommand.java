package dev.kiln.cli;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.ListingStats;
import dev.kiln.archive.SceneListFile;
import dev.kiln.catalog.Catalog;
import dev.kiln.catalog.ItemQuery;
import dev.kiln.catalog.ListedItems;
import dev.kiln.run.AreaFile;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code kiln manifest stac}: selects items of a catalogue. */
@Command(
    name = "stac",
    description = "Select items of a STAC API.",
    footer = {
      "",
      "Example:",
      "  kiln manifest stac --api https://earth-search.aws.element84.com/v1 \\",
      "      --collection sentinel-2-l2a --aoi area.geojson \\",
      "      --datetime 2023-01-01/2023-12-31 --query 'eo:cloud_cover<20' -o scenes.txt.gz"
    })
public final class ManifestStacCommand implements Callable<Integer> {
  @ParentCommand private ManifestCommand parent;

  @Option(
      names = {"--api", "--stac"},
      paramLabel = "URL",
      required = true,
      description = "URL of the STAC API.")
  @Heading.Under(Heading.INPUT)
  private String api;

  @Option(
      names = "--aoi",
      paramLabel = "FILE",
      description =
          "Only items that intersect the polygons of this file: GeoJSON,"
              + " GeoPackage, FlatGeobuf, GeoParquet or Shapefile, in any CRS.")
  @Heading.Under(Heading.INPUT)
  private String aoi;

  @Option(
      names = "--datetime",
      paramLabel = "START/END",
      description = "Acquisition period: times, days, months or years; .. leaves one side open.")
  @Heading.Under(Heading.INPUT)
  private String datetime;

  @Mixin private QueryFlags queryFlags;
  @Mixin private SceneListFlags output;

  @Override
  public Integer call() throws IOException {
    if (queryFlags.collection().isEmpty() || aoi == null || datetime == null) {
      throw new OptionException("--api: expected --collection, --aoi and --datetime as well");
    }
    Catalog catalog =
        OptionException.parse(() -> Catalog.open("--api", api, parent.storeOptions()));
    // Wrong options are reported before files are read.
    queryFlags.query(Optional.empty(), Optional.ofNullable(datetime));
    Optional<AreaOfInterest> area =
        aoi == null
            ? Optional.empty()
            : Optional.of(AreaFile.read("--aoi", aoi, parent.storeOptions()));
    ItemQuery query = queryFlags.query(area, Optional.ofNullable(datetime));
    ListedItems items = new ListedItems(query);
    ListingStats stats = catalog.list(query, items);
    try (SceneListFile list = output.create()) {
      for (String line : items.keys()) {
        list.add(line);
      }
      list.commit();
    }
    output.report(stats);
    if (stats.kept() == 0) {
      output.print().println("no items found" + catalog.explainEmpty(query));
    } else if (items.bucket().isEmpty()) {
      output
          .print()
          .println(
              "the list has whole URIs: embed with any --source, and with --allow-host for each web"
                  + " server");
    } else {
      output
          .print()
          .printf("keys are relative to %s; embed with that --source%n", items.bucket().get());
    }
    return 0;
  }
}
