package dev.kiln.cli;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.catalog.ItemQuery;
import dev.kiln.catalog.PropertyCondition;
import dev.kiln.catalog.SortField;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** Options that choose items of a catalogue. */
@Heading.Under(Heading.INPUT)
final class QueryFlags {
  @Option(names = "--collection", paramLabel = "ID", description = "Collection of the items.")
  private String collection;

  @Option(
      names = "--query",
      paramLabel = "CONDITION",
      description =
          "Only items whose property satisfies a condition with < <= > >= = or !=, such as"
              + " 'eo:cloud_cover<20' (repeatable).")
  private List<String> conditions = List.of();

  @Option(
      names = "--sort",
      paramLabel = "PROPERTY",
      split = ",",
      description = "Order of the items, for --limit: -datetime is descending (repeatable).")
  private List<String> sort = List.of();

  @Option(names = "--limit", paramLabel = "N", description = "At most N items (default: all).")
  private Integer limit;

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      defaultValue = "auto",
      description =
          "How an API is searched: post, get or auto (POST if the API permits it) (default:"
              + " ${DEFAULT-VALUE}).")
  private String method;

  /** Returns the collection, if one is wanted. */
  Optional<String> collection() {
    return Optional.ofNullable(collection);
  }

  /**
   * Returns the query.
   *
   * @param area that items intersect
   * @param datetime as given on the command line
   */
  ItemQuery query(Optional<AreaOfInterest> area, Optional<String> datetime) {
    Range.optionalAtLeast("--limit", limit, 1);
    return ItemQuery.builder()
        .collection(collection())
        .area(area)
        .datetime(datetime.map(text -> OptionException.parse(() -> DatetimeRange.parse(text))))
        .conditions(
            OptionException.parse(() -> conditions.stream().map(PropertyCondition::parse).toList()))
        .sort(OptionException.parse(() -> sort.stream().map(SortField::parse).toList()))
        .limit(limit == null ? OptionalLong.empty() : OptionalLong.of(limit))
        .method(OptionException.parse(() -> ItemQuery.Method.parse(method)))
        .build();
  }
}
