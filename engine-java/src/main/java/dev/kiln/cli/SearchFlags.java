package dev.kiln.cli;

import dev.kiln.archive.BandAliases;
import dev.kiln.archive.BestScenes;
import dev.kiln.catalog.Catalog;
import dev.kiln.catalog.ItemQuery;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.platform.Platform;
import dev.kiln.run.AreaSearch;
import dev.kiln.run.ChipArea;
import dev.kiln.run.ChipOptions;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that search a STAC API for the scenes to embed. */
@Heading.Under(Heading.INPUT)
final class SearchFlags {
  @Option(
      names = "--stac",
      paramLabel = "URI",
      description =
          "STAC API to search for scenes, instead of --scenes, with --collection, --aoi and"
              + " --datetime START/END; or the path or URI of a static catalogue or a file of"
              + " items.")
  private String api;

  @Mixin private QueryFlags queryFlags;

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
   * @param aliases names of bands in items
   * @param chips options with the area
   */
  AreaSearch run(
      String datetime,
      Platform platform,
      BandAliases aliases,
      ChipOptions chips,
      StoreOptions options,
      SourceRules rules)
      throws IOException, InterruptedException {
    Range.optionalAtLeast("--best", best, 1);
    ItemQuery query =
        queryFlags.query(chips.area().map(ChipArea::area), Optional.ofNullable(datetime));
    boolean complete =
        queryFlags.collection().isPresent() && datetime != null && chips.area().isPresent();
    Catalog catalog = OptionException.parse(() -> Catalog.open("--stac", api, options, rules));
    if (!complete && catalog.kind() == Catalog.Kind.API) {
      throw new OptionException("--stac: expected --collection, --aoi and --datetime for an API");
    }
    if (best != null && chips.area().isEmpty()) {
      throw new OptionException("--best: expected --aoi as well");
    }
    AreaSearch found = AreaSearch.run(catalog, query);
    found.checkHosts(rules.allowedHosts());
    if (best == null) {
      return found;
    }
    try (ObjectStore source = ObjectStores.openSource(found.source(), options, rules)) {
      return found.best(new BestScenes(best, period), platform, aliases, source, chips);
    }
  }

  /** Returns the API and collection, for the log. */
  String name() {
    return (Optional.ofNullable(api).orElse("") + " " + queryFlags.collection().orElse("")).strip();
  }
}
