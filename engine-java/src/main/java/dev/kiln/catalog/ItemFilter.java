package dev.kiln.catalog;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.archive.DatetimeText;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.TopologyException;
import tools.jackson.databind.JsonNode;

/**
 * Decides by the content of items whether they satisfy a query. Items of a search were chosen by
 * the API, so they are only compared with what they state.
 */
final class ItemFilter {
  private final ItemQuery query;
  private final boolean searched;
  private final BooleanSupplier checksArea;

  private ItemFilter(ItemQuery query, boolean searched, BooleanSupplier checksArea) {
    this.query = query;
    this.searched = searched;
    this.checksArea = checksArea;
  }

  /**
   * Returns a filter for items that an API chose.
   *
   * @param query that the API was sent
   * @param checksArea whether the API was sent the bounding box of the area only
   */
  static ItemFilter ofSearch(ItemQuery query, BooleanSupplier checksArea) {
    return new ItemFilter(query, true, checksArea);
  }

  /** Returns a filter for items that were not chosen. */
  static ItemFilter ofAll(ItemQuery query) {
    return new ItemFilter(query, false, () -> true);
  }

  /** {@return whether the items were chosen by an API} */
  boolean isOfSearch() {
    return searched;
  }

  /**
   * Compares an item.
   *
   * @param item a STAC item
   * @return why the item is not wanted, as printed; empty if it is
   */
  Optional<String> reject(JsonNode item) {
    if (!searched && query.collection().isPresent()) {
      String found = item.path("collection").asString("");
      if (!found.equals(query.collection().get())) {
        return Optional.of(found.isEmpty() ? "without a collection" : "of another collection");
      }
    }
    for (PropertyCondition condition : query.conditions()) {
      switch (condition.check(item)) {
        case VIOLATED -> {
          return Optional.of(
              searched
                  ? "returned by the API although --query excludes it"
                  : "excluded by --query " + condition);
        }
        case UNKNOWN -> {
          if (!searched) {
            return Optional.of(
                "without a value of " + condition.property() + " to compare in --query");
          }
        }
        case SATISFIED -> {}
      }
    }
    if (!searched && query.datetime().isPresent()) {
      Optional<String> reason = rejectTime(query.datetime().get(), item.path("properties"));
      if (reason.isPresent()) {
        return reason;
      }
    }
    return checksArea.getAsBoolean()
            && query.area().isPresent()
            && !mayIntersect(query.area().get(), item)
        ? Optional.of("outside the area")
        : Optional.empty();
  }

  private static Optional<String> rejectTime(DatetimeRange range, JsonNode properties) {
    Optional<Instant> time = instant(properties.path("datetime"));
    Optional<Instant> start = instant(properties.path("start_datetime")).or(() -> time);
    Optional<Instant> end = instant(properties.path("end_datetime")).or(() -> time).or(() -> start);
    if (start.isEmpty()) {
      return Optional.of("without a time");
    }
    boolean before = range.from().isPresent() && end.get().isBefore(range.from().get());
    boolean after = range.to().isPresent() && start.get().isAfter(range.to().get());
    return before || after ? Optional.of("outside the period") : Optional.empty();
  }

  /** Returns whether an interval, whose ends are null if they are open, is outside a range. */
  static boolean isOutside(DatetimeRange range, JsonNode from, JsonNode to) {
    Optional<Instant> start = instant(from);
    Optional<Instant> end = instant(to);
    return end.isPresent() && range.from().filter(end.get()::isBefore).isPresent()
        || start.isPresent() && range.to().filter(start.get()::isAfter).isPresent();
  }

  private static Optional<Instant> instant(JsonNode text) {
    try {
      return text.isString()
          ? Optional.of(DatetimeText.parse(text.stringValue()))
          : Optional.empty();
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** An item without a geometry may intersect: its files decide when they are read. */
  private static boolean mayIntersect(AreaOfInterest area, JsonNode item) {
    Optional<Envelope> box = ItemGeometry.box(item.path("bbox"));
    if (box.isPresent() && !area.mayIntersect(box.get())) {
      return false;
    }
    Optional<Geometry> geometry = ItemGeometry.parse(item.path("geometry"));
    try {
      return geometry.isEmpty() || area.intersects(geometry.get());
    } catch (TopologyException | IllegalArgumentException e) {
      // Invalid polygons occur in catalogues.
      return area.mayIntersect(geometry.get().getEnvelopeInternal());
    }
  }
}
