package dev.kiln.catalog;

import dev.kiln.archive.ObjectRef;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The locations of items, for a scene list. */
public final class ListedItems implements ItemConsumer {
  private final Collection<String> places;
  private final Set<String> buckets = new TreeSet<>();

  /**
   * Creates an empty list.
   *
   * @param query whose items are listed; sorted by location unless it has an order of its own
   */
  public ListedItems(ItemQuery query) {
    places = query.sort().isEmpty() ? new TreeSet<>() : new LinkedHashSet<>();
  }

  @Override
  public String accept(FoundItem item) {
    if (item.place().isEmpty()) {
      return "item without a self link to a bucket or web server";
    }
    places.add(item.place());
    buckets.add(ObjectRef.ofBucket(item.place()).flatMap(ObjectRef::bucketUri).orElse(""));
    return "";
  }

  /** {@return the bucket or container of all items, if they are in one} */
  public Optional<String> bucket() {
    return buckets.size() == 1
        ? Optional.of(buckets.iterator().next()).filter(uri -> !uri.isEmpty())
        : Optional.empty();
  }

  /** {@return the scene keys: keys in the bucket if there is one, otherwise whole URIs} */
  public List<String> keys() {
    List<String> keys = new ArrayList<>();
    for (String place : places) {
      keys.add(bucket().isPresent() ? ObjectRef.ofBucket(place).orElseThrow().key() : place);
    }
    return keys;
  }
}
