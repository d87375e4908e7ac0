package dev.kiln.cli;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.archive.SceneListFile;
import dev.kiln.archive.StacClient;
import dev.kiln.archive.StacSearch;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code kiln manifest stac}: the items that a STAC API finds. */
@Command(
    name = "stac",
    description = "List the items of a collection that a STAC API finds.",
    footer = {
      "",
      "Example:",
      "  kiln manifest stac --api https://earth-search.aws.element84.com/v1 \\",
      "      --collection sentinel-2-l2a --aoi area.geojson \\",
      "      --datetime 2023-01-01/2023-12-31 -o scenes.txt.gz"
    },
    mixinStandardHelpOptions = true)
public final class ManifestStacCommand implements Callable<Integer> {
  @ParentCommand private ManifestCommand parent;
  @Spec private CommandSpec spec;

  @Option(names = "--api", paramLabel = "URL", required = true, description = "The API.")
  private String api;

  @Option(
      names = "--collection",
      paramLabel = "C",
      required = true,
      description = "Id of the collection.")
  private String collection;

  @Option(
      names = "--aoi",
      paramLabel = "FILE",
      required = true,
      description = "Only items that meet the polygons of this GeoJSON file.")
  private String aoi;

  @Option(
      names = "--datetime",
      paramLabel = "A/B",
      required = true,
      description = "From A to B: times, days, months or years; .. leaves a side open.")
  private String datetime;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description = "The list to write; gzip if it ends in .gz.")
  private String out;

  @Override
  public Integer call() throws IOException {
    StacSearch search =
        new StacSearch(
            StacSearch.api(api),
            collection,
            AreaOfInterest.read(parent.objects(), "--aoi", aoi),
            DatetimeRange.parse(datetime));
    StacSearch.Found found = search.run(new StacClient());
    try (SceneListFile list = ManifestCommand.create(out)) {
      for (String line : found.lines()) {
        list.add(line);
      }
      list.commit();
    }
    ManifestCommand.report(spec, out, found.tally());
    found
        .bucket()
        .ifPresent(
            bucket ->
                spec.commandLine()
                    .getOut()
                    .printf("keys of s3://%s: embed with that --source%n", bucket));
    return 0;
  }
}
