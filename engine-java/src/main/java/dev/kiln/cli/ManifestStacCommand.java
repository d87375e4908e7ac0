package dev.kiln.cli;

import dev.kiln.archive.DatetimeRange;
import dev.kiln.archive.SceneListFile;
import dev.kiln.archive.StacClient;
import dev.kiln.archive.StacSearch;
import dev.kiln.run.AreaFile;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code kiln manifest stac}: selects items through a STAC API. */
@Command(
    name = "stac",
    description = "Select items of a collection through a STAC API.",
    footer = {
      "",
      "Example:",
      "  kiln manifest stac --api https://earth-search.aws.element84.com/v1 \\",
      "      --collection sentinel-2-l2a --aoi area.geojson \\",
      "      --datetime 2023-01-01/2023-12-31 -o scenes.txt.gz"
    })
public final class ManifestStacCommand implements Callable<Integer> {
  @ParentCommand private ManifestCommand parent;

  @Option(
      names = "--api",
      paramLabel = "URL",
      required = true,
      description = "URL of the STAC API.")
  private String api;

  @Option(
      names = "--collection",
      paramLabel = "ID",
      required = true,
      description = "Id of the collection.")
  private String collection;

  @Option(
      names = "--aoi",
      paramLabel = "FILE",
      required = true,
      description =
          "Only items that intersect the polygons of this file: GeoJSON,"
              + " GeoPackage, FlatGeobuf, GeoParquet or Shapefile, in any CRS.")
  private String aoi;

  @Option(
      names = "--datetime",
      paramLabel = "START/END",
      required = true,
      description = "Acquisition period: times, days, months or years; .. leaves one side open.")
  private String datetime;

  @Mixin private SceneListFlags output;

  @Override
  public Integer call() throws IOException {
    StacSearch search =
        new StacSearch(
            OptionException.parse(() -> StacSearch.api(api)),
            collection,
            AreaFile.read("--aoi", aoi, parent.storeOptions()),
            OptionException.parse(() -> DatetimeRange.parse(datetime)));
    StacSearch.Found found = search.run(new StacClient());
    try (SceneListFile list = output.create()) {
      for (String line : found.lines()) {
        list.add(line);
      }
      list.commit();
    }
    output.report(found.tally());
    if (found.bucket().isEmpty() && !found.lines().isEmpty()) {
      output
          .print()
          .println(
              "the list has whole URIs: embed with any --source, and with --allow-host for each web"
                  + " server");
    }
    found
        .bucket()
        .ifPresent(
            bucket ->
                output
                    .print()
                    .printf("keys are relative to s3://%s; embed with that --source%n", bucket));
    return 0;
  }
}
