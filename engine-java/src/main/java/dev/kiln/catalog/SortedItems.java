package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import tools.jackson.databind.JsonNode;

/**
 * Sorts the items of a file or a static catalogue, which have no order of their own. Only the first
 * items are in memory.
 */
final class SortedItems implements ItemConsumer {
  /** Items that are sorted in memory, at most; an item has about 20 kB. */
  static final int MOST = 50_000;

  private record Entry(FoundItem item, List<JsonNode> values, long number) {}

  private final String where;
  private final List<SortField> fields;
  private final long limit;

  /** The items so far, the last one in the order first. */
  private final PriorityQueue<Entry> last;

  private final Comparator<Entry> order;
  private long number;

  /**
   * Creates an empty set.
   *
   * @param where the catalogue, for messages
   * @param fields the most significant one first
   * @param limit greatest number of items
   */
  SortedItems(String where, List<SortField> fields, long limit) {
    this.where = where;
    this.fields = List.copyOf(fields);
    this.limit = limit;
    this.order = this::compare;
    this.last = new PriorityQueue<>(order.reversed());
  }

  @Override
  public String accept(FoundItem item) {
    List<JsonNode> values = fields.stream().map(field -> value(item.json(), field)).toList();
    last.add(new Entry(item, values, number++));
    if (last.size() > limit) {
      last.poll();
    }
    if (last.size() > MOST) {
      throw new ConfigurationException(
          Mismatch.of(
              where + ": --sort",
              "at most %,d items".formatted(MOST),
              "more: give --limit, --query, --aoi or --datetime"));
    }
    return "";
  }

  /**
   * Passes the items on in their order.
   *
   * @param items receives them
   * @throws IOException from {@code items}
   */
  void drainTo(ItemCollector items) throws IOException {
    List<Entry> sorted = new ArrayList<>(last);
    sorted.sort(order);
    last.clear();
    for (Entry entry : sorted) {
      items.take(entry.item);
    }
    items.stats().skip("beyond --limit", number - sorted.size());
  }

  private static JsonNode value(JsonNode item, SortField field) {
    String prefix = "properties.";
    return field.field().startsWith(prefix)
        ? item.path("properties").path(field.field().substring(prefix.length()))
        : item.path(field.field());
  }

  private int compare(Entry a, Entry b) {
    for (int i = 0; i < fields.size(); i++) {
      int compared = compare(a.values.get(i), b.values.get(i), fields.get(i).descending());
      if (compared != 0) {
        return compared;
      }
    }
    return Long.compare(a.number, b.number);
  }

  /** Numbers come before texts, and both before items without a value. */
  private static int compare(JsonNode a, JsonNode b, boolean descending) {
    int kinds = Integer.compare(kind(a), kind(b));
    if (kinds != 0 || kind(a) == 2) {
      return kinds;
    }
    int values = kind(a) == 0 ? number(a).compareTo(number(b)) : text(a).compareTo(text(b));
    return descending ? -values : values;
  }

  private static int kind(JsonNode value) {
    return value.isNumber() && Double.isFinite(value.doubleValue())
        ? 0
        : value.isString() || value.isBoolean() ? 1 : 2;
  }

  private static BigDecimal number(JsonNode value) {
    return value.decimalValue();
  }

  private static String text(JsonNode value) {
    return value.asString();
  }
}
