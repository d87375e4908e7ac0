package dev.kiln.catalog;

import dev.kiln.archive.ItemLine;
import dev.kiln.archive.ObjectRef;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectRanges;
import dev.kiln.sink.JsonRows;
import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file of items. The items are used as they are in the file; their self links are only their
 * names. Relative hrefs of items without a self link are relative to the file.
 */
final class ItemFile {
  private final String where;
  private final CatalogStore store;
  private boolean needsSource;

  /**
   * Creates a file.
   *
   * @param where the file and the option that names it, for messages
   * @param store that has it; borrowed
   */
  ItemFile(String where, CatalogStore store) {
    this.where = where;
    this.store = store;
    this.needsSource = !store.isLocal();
  }

  /** {@return whether items have files in the file's own directory or on its web server} */
  boolean needsSource() {
    return needsSource;
  }

  /**
   * Reads the items of a FeatureCollection, or of lines.
   *
   * @param head beginning of the file
   * @param items receives what is found
   * @throws ConfigurationException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  void read(DocumentHead head, ItemCollector items) throws IOException {
    ItemDocuments.Sink sink = item -> add(store.rootName(), item, items);
    try (InputStream content = head.content()) {
      if (head.kind() == DocumentHead.Kind.LINES) {
        ItemDocuments.lines(where, content, sink, items);
      } else {
        ItemDocuments.features(where, content, sink, items);
      }
    }
  }

  /**
   * Reads the items of stac-geoparquet.
   *
   * @param name of the file in the store
   * @param query of which row groups are read
   * @param items receives what is found
   * @throws ConfigurationException if the file is damaged, or is not stac-geoparquet
   * @throws IOException if the file cannot be read
   */
  void readParquet(String name, ItemQuery query, ItemCollector items) throws IOException {
    if (items.isFull()) {
      return;
    }
    try (ParquetBytes bytes = parquet(name)) {
      GeoParquetItems.read(
          name.equals(store.rootName()) ? where : where + ": " + Printable.of(store.uri(name)),
          bytes,
          query,
          item -> add(name, item, items),
          items);
    } catch (JsonRows.DamagedException e) {
      throw new ConfigurationException(where + ": damaged: " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(where + ": no such file", e);
    }
  }

  private ParquetBytes parquet(String file) throws IOException {
    ObjectRanges ranges = new ObjectRanges(store.storeOf(file), file);
    return new ParquetBytes() {
      @Override
      public String name() {
        return ranges.name();
      }

      @Override
      public long size() {
        return ranges.size();
      }

      @Override
      public ByteBuffer read(long offset, int length) throws IOException {
        return ranges.read(offset, length);
      }

      @Override
      public void close() {
        ranges.close();
      }
    };
  }

  private void add(String file, JsonNode json, ItemCollector items) throws IOException {
    // Relative hrefs are resolved against a whole URI only.
    Optional<String> self =
        Links.href(json, "self")
            .filter(href -> ObjectRef.of(href).isPresent())
            .filter(href -> href.chars().noneMatch(Character::isISOControl));
    if (self.isEmpty() && json instanceof ObjectNode item) {
      rebase(file, item);
    }
    items.add(self.orElse(""), false, json);
  }

  /** Rewrites relative hrefs, which are relative to the file, for the key of the item. */
  private void rebase(String from, ObjectNode item) {
    String key = ItemLine.keyById(item);
    String up = "../".repeat((int) key.chars().filter(c -> c == '/').count());
    for (JsonNode asset : item.path("assets")) {
      String href = asset.path("href").asString("");
      if (!(asset instanceof ObjectNode file)
          || href.isEmpty()
          || href.startsWith("https://")
          || href.startsWith("s3://")) {
        continue;
      }
      try {
        String name = store.resolve(from, href);
        boolean relative = CatalogStore.isRelative(name);
        needsSource |= relative;
        file.put("href", relative ? up + encoded(name) : name);
      } catch (SceneException e) {
        // Reported for its scene, if the asset is one of its bands.
        continue;
      }
    }
  }

  /** Hrefs are URI references, in which a percent sign starts an escape. */
  private static String encoded(String name) {
    return name.replace("%", "%25");
  }
}
