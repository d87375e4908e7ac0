package dev.kiln.cli;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.ListingStats;
import dev.kiln.archive.SceneListFile;
import dev.kiln.catalog.Catalog;
import dev.kiln.catalog.ItemQuery;
import dev.kiln.catalog.ListedItems;
import dev.kiln.fetch.ObjectStores;
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
    description = "Select items of a STAC API, a static catalogue or a file of items.",
    footer = {
      "",
      "Example:",
      "  kiln manifest stac --api https://earth-search.aws.element84.com/v1 \\",
      "      --collection sentinel-2-l2a --aoi area.geojson \\",
      "      --datetime 2023-01-01/2023-12-31 --query 'eo:cloud_cover<20' -o scenes.txt.gz",
      "  kiln manifest stac --stac https://example.org/catalog.json -o scenes.txt.gz",
      "  kiln manifest stac --stac items.parquet --aoi area.geojson -o scenes.txt.gz"
    })
public final class ManifestStacCommand implements Callable<Integer> {
  @ParentCommand private ManifestCommand parent;

  @Option(
      names = {"--api", "--stac"},
      paramLabel = "URI",
      required = true,
      description =
          "STAC API, or the path or URI of a static catalogue (catalog.json, collection.json) or a"
              + " file of items (FeatureCollection, one item per line, stac-geoparquet).")
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

  @Option(
      names = "--list",
      paramLabel = "FORM",
      defaultValue = "auto",
      description =
          "What the list has of an item: href (its location), item (the item itself) or auto (its"
              + " location if it is an object of a store) (default: ${DEFAULT-VALUE}).")
  @Heading.Under(Heading.OUTPUT)
  private String form;

  @Override
  public Integer call() throws IOException {
    ListedItems.Form wanted = OptionException.parse(() -> ListedItems.Form.parse(form));
    Catalog catalog =
        OptionException.parse(
            () -> Catalog.open("--api", api, parent.storeOptions(), parent.rules()));
    // Wrong options are reported before anything is read.
    queryFlags.query(Optional.empty(), Optional.ofNullable(datetime));
    boolean complete = queryFlags.collection().isPresent() && aoi != null && datetime != null;
    if (!complete && catalog.kind() == Catalog.Kind.API) {
      throw new OptionException("--api: expected --collection, --aoi and --datetime for an API");
    }
    Optional<AreaOfInterest> area =
        aoi == null
            ? Optional.empty()
            : Optional.of(AreaFile.read("--aoi", aoi, parent.storeOptions()));
    ItemQuery query = queryFlags.query(area, Optional.ofNullable(datetime));
    try (SceneListFile list = output.create()) {
      ListedItems items = new ListedItems(list, query, wanted);
      ListingStats stats = catalog.list(query, items);
      items.finish();
      list.commit();
      output.report(stats);
      output
          .print()
          .println(
              stats.kept() == 0
                  ? "no items found" + catalog.explainEmpty(query)
                  : advice(items, catalog));
      output.print().flush();
    }
    return 0;
  }

  /** Returns how the list is embedded. */
  private static String advice(ListedItems items, Catalog catalog) {
    String hosts =
        items.hosts().isEmpty() ? "" : ", and with --allow-host " + String.join(",", items.hosts());
    if (items.bucket().isPresent()) {
      return "keys are relative to %s; embed with that --source%s"
          .formatted(items.bucket().get(), hosts);
    }
    boolean relative =
        items.hasRelativeKeys() || items.items() > 0 && !ObjectStores.isRemote(catalog.source());
    if (relative && !catalog.source().isEmpty()) {
      return "keys are relative to %s; embed with that --source%s"
          .formatted(catalog.source(), hosts);
    }
    return (items.items() > 0 ? "the list has the items themselves" : "the list has whole URIs")
        + ": embed without --source"
        + hosts;
  }
}
