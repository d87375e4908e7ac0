package dev.kiln.cli;

import dev.kiln.archive.BestScenes;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.archive.StacSearch;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.platform.Platform;
import dev.kiln.run.AreaSearch;
import dev.kiln.run.ChipOptions;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options that search a STAC API for the scenes to embed. */
@Heading.Under(Heading.INPUT)
final class SearchFlags {
  @Option(
      names = "--stac",
      paramLabel = "URL",
      description =
          "STAC API to search for scenes, instead of --scenes; with --collection, --aoi and"
              + " --datetime START/END.")
  private String api;

  @Option(
      names = "--collection",
      paramLabel = "ID",
      description = "Collection that --stac searches.")
  private String collection;

  @Option(
      names = "--best",
      paramLabel = "N",
      description =
          "Of the scenes that --stac finds, embed only the N with the least cloud over the area,"
              + " per --best-per and tile (default: all).")
  private Integer best;

  @Option(
      names = "--best-per",
      paramLabel = "PERIOD",
      defaultValue = "month",
      description =
          "Period of --best: month, season (of three months, from December), year or all (default:"
              + " ${DEFAULT-VALUE}).")
  private BestScenes.Period period;

  /** Returns whether a search is wanted. */
  boolean isGiven() {
    return api != null;
  }

  /**
   * Searches, and chooses the best scenes.
   *
   * @param datetime value of {@code --datetime}; may be null
   * @param chips options with the area
   */
  AreaSearch run(
      String datetime,
      Platform platform,
      ChipOptions chips,
      StoreOptions options,
      SourceRules rules)
      throws IOException, InterruptedException {
    if (collection == null || datetime == null || chips.area().isEmpty()) {
      throw new OptionException("--stac: expected --collection, --aoi and --datetime as well");
    }
    Range.optionalAtLeast("--best", best, 1);
    AreaSearch found =
        AreaSearch.run(
            new StacSearch(
                OptionException.parse(() -> StacSearch.api(api)),
                collection,
                chips.area().get().area(),
                OptionException.parse(() -> DatetimeRange.parse(datetime))));
    found.checkHosts(rules.allowedHosts());
    if (best == null) {
      return found;
    }
    try (ObjectStore source = ObjectStores.openSource(found.source(), options, rules)) {
      return found.best(new BestScenes(best, period), platform, source, chips);
    }
  }

  /** Returns the API and collection, for the log. */
  String name() {
    return Optional.ofNullable(api).orElse("") + " " + collection;
  }
}
