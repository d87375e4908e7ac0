package dev.kiln.catalog;

import dev.kiln.archive.ListingStats;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Passes on the items that satisfy a query, each once and no more than the limit, and counts. */
final class ItemCollector {
  private static final Logger log = LoggerFactory.getLogger(ItemCollector.class);

  /** Repeated items that are logged one by one. */
  private static final int MAX_LOGGED = 10;

  private final ItemFilter filter;
  private final long limit;
  private final ItemConsumer consumer;
  private final ListingStats stats;

  /** Hash of the content by scene key. */
  private final Map<String, Integer> seen = new HashMap<>();

  private int logged;

  /**
   * Creates a collector.
   *
   * @param filter decides which items are wanted
   * @param limit greatest number of items
   * @param consumer receives items
   * @param stats counts items that are kept and skipped
   */
  ItemCollector(ItemFilter filter, long limit, ItemConsumer consumer, ListingStats stats) {
    this.filter = filter;
    this.limit = limit;
    this.consumer = consumer;
    this.stats = stats;
  }

  /** {@return the counts} */
  ListingStats stats() {
    return stats;
  }

  /** {@return whether the limit is reached, so that no further items are needed} */
  boolean isFull() {
    return stats.kept() >= limit;
  }

  /** {@return the number of different items of a search so far, wanted or not} */
  int different() {
    return seen.size();
  }

  /**
   * Takes an item of the catalogue.
   *
   * @param place where it can be read; empty if it has no location
   * @param isObject whether that is an object of a store
   * @param json the item
   * @throws IOException from the consumer
   */
  void add(String place, boolean isObject, JsonNode json) throws IOException {
    // Without an id, an item can still be read from its place.
    boolean named = !place.isEmpty() || !json.path("id").asString("").isBlank();
    if (!(json instanceof ObjectNode item) || !named) {
      stats.skip("not a STAC item");
      return;
    }
    FoundItem found = new FoundItem(place, isObject, item);
    // A large file has many items that are not wanted, whose keys need no memory.
    Optional<String> unwanted = filter.reject(item);
    if (filter.isOfSearch() || unwanted.isEmpty()) {
      Integer hash = item.hashCode();
      Integer other = seen.putIfAbsent(found.key(), hash);
      if (other != null) {
        repeated(found, other.equals(hash));
        return;
      }
    }
    if (unwanted.isPresent()) {
      stats.skip(unwanted.get());
    } else if (isFull()) {
      stats.skip("beyond --limit");
    } else {
      take(found);
    }
  }

  /**
   * Passes on an item that is wanted.
   *
   * @throws IOException from the consumer
   */
  void take(FoundItem found) throws IOException {
    String unused = consumer.accept(found);
    if (unused.isEmpty()) {
      stats.keep();
    } else {
      stats.skip(unused);
    }
  }

  /** {@return why an item is not wanted; empty if it is} */
  Optional<String> reject(JsonNode item) {
    return filter.reject(item);
  }

  private void repeated(FoundItem found, boolean same) {
    if (same || !found.place().isEmpty()) {
      stats.skip("listed twice");
      return;
    }
    stats.skip("has the collection and id of another item");
    if (logged++ < MAX_LOGGED) {
      log.warn(
          "item left out: item={} reason=\"another item has the same collection and id\"",
          found.key());
    }
  }
}
