package dev.kiln.catalog;

import dev.kiln.archive.ItemLine;
import dev.kiln.archive.ObjectRef;
import dev.kiln.archive.SceneListFile;
import dev.kiln.archive.StacItem;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Writes items to a scene list: an item that is an object of a store as its location, and any other
 * as itself. The items themselves are written as they come; locations follow at the end.
 */
public final class ListedItems implements ItemConsumer {
  private static final int MAX_HOSTS = 20;
  private static final int MAX_ORIGINS = 1000;
  private static final Pattern HOST = Pattern.compile("(?i)https?://([^/?#:]+).*", Pattern.DOTALL);

  /** What a list has of an item. */
  public enum Form {
    /** Its location if it is an object of a store, otherwise the item itself. */
    AUTO,
    /** Its location. */
    HREF,
    /** The item itself. */
    ITEM;

    /**
     * Parses a form.
     *
     * @param text {@code auto}, {@code href} or {@code item}, in any case
     * @return the form
     * @throws ConfigurationException if it is anything else, with {@code --list} in the message
     */
    public static Form parse(String text) {
      for (Form form : values()) {
        if (form.name().equalsIgnoreCase(text.strip())) {
          return form;
        }
      }
      throw new ConfigurationException(Mismatch.ofText("--list", "auto, href or item", text));
    }
  }

  private final SceneListFile list;
  private final Form form;
  private final Collection<String> places;
  private final Set<String> buckets = new TreeSet<>();
  private final Set<String> hosts = new TreeSet<>();

  /** Parts of hrefs that were looked at already. */
  private final Set<String> origins = new HashSet<>();

  private long items;

  /**
   * Creates a writer.
   *
   * @param list to write to; borrowed
   * @param query whose items are listed; locations are sorted unless the query has an order
   * @param form what the list has of an item
   */
  public ListedItems(SceneListFile list, ItemQuery query, Form form) {
    this.list = list;
    this.form = form;
    this.places = query.sort().isEmpty() ? new TreeSet<>() : new LinkedHashSet<>();
  }

  @Override
  public String accept(FoundItem item) throws IOException {
    boolean whole = item.json().path("assets").size() > 0 && item.json().path("id").isString();
    boolean asItem = form == Form.ITEM || form == Form.AUTO && !item.isObject() && whole;
    if (!asItem && item.place().isEmpty()) {
      return "item without a self link to a bucket or web server";
    }
    if (asItem) {
      Optional<ItemLine> line = ItemLine.of(item.key(), item.json());
      if (line.isEmpty()) {
        return "larger than %,d characters".formatted(ItemLine.MAX_LENGTH);
      }
      list.add(line.get());
      items++;
    } else {
      places.add(item.place());
      buckets.add(ObjectRef.ofBucket(item.place()).flatMap(ObjectRef::bucketUri).orElse(""));
      host(item.place());
    }
    for (JsonNode asset : item.json().path("assets")) {
      if (StacItem.isTiff(asset)) {
        host(asset.path("href").asString(""));
      }
    }
    return "";
  }

  private void host(String href) {
    int path = href.indexOf('/', href.indexOf("://") + 3);
    if (!origins.add(path < 0 ? href : href.substring(0, path))) {
      return;
    }
    if (origins.size() > MAX_ORIGINS) {
      origins.clear();
    }
    Matcher web = HOST.matcher(href);
    if (hosts.size() < MAX_HOSTS && web.matches() && ObjectRef.ofBucket(href).isEmpty()) {
      hosts.add(web.group(1));
    }
  }

  /**
   * Writes the locations.
   *
   * @throws IOException if the list cannot be written
   */
  public void finish() throws IOException {
    Optional<String> bucket = bucket();
    for (String place : places) {
      list.add(bucket.isPresent() ? ObjectRef.ofBucket(place).orElseThrow().key() : place);
    }
  }

  /** {@return the bucket or container that keys are relative to; empty if there is none} */
  public Optional<String> bucket() {
    return items == 0 && buckets.size() == 1
        ? Optional.of(buckets.iterator().next()).filter(uri -> !uri.isEmpty())
        : Optional.empty();
  }

  /** {@return the number of items that the list has themselves} */
  public long items() {
    return items;
  }

  /** {@return names of web servers that have items or their files} */
  public Set<String> hosts() {
    return hosts;
  }

  /** {@return whether keys are relative to the directory of the catalogue} */
  public boolean hasRelativeKeys() {
    return places.stream().anyMatch(place -> ObjectRef.of(place).isEmpty());
  }
}
