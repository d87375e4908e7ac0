package dev.kiln.catalog;

import dev.kiln.archive.ListingStats;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.net.URI;
import tools.jackson.databind.JsonNode;

/**
 * A catalogue of STAC items: an API that is searched, a static catalogue whose links are followed,
 * or a file of items. The content determines which.
 */
public final class Catalog {
  /** What a catalogue is. */
  public enum Kind {
    /** An API, which is searched. */
    API,
    /** A static catalogue or collection. */
    STATIC,
    /** A file of items. */
    ITEMS
  }

  private final String option;
  private final String uri;
  private final StoreOptions options;
  private final SourceRules rules;
  private CatalogOpener.Opened opened;
  private String source = "";

  private Catalog(String option, String uri, StoreOptions options, SourceRules rules) {
    this.option = option;
    this.uri = uri;
    this.options = options;
    this.rules = rules;
  }

  /**
   * Names a catalogue.
   *
   * @param option that names it, for messages
   * @param uri URL of an API (its landing page, or {@code …/search}), or the path or URI of a
   *     document
   * @param options how it is reached
   * @param rules which web servers are read besides its own
   * @return the catalogue, of which nothing has been read
   * @throws ConfigurationException if the URI is malformed
   */
  public static Catalog open(String option, String uri, StoreOptions options, SourceRules rules) {
    String text = uri.strip();
    if (text.isEmpty()) {
      throw new ConfigurationException(Mismatch.ofText(option, "a URL or a path", uri));
    }
    if (CatalogOpener.isWeb(text)) {
      api(option, text);
    } else if (!ObjectStores.isRemote(text)) {
      ObjectStores.localPath(text);
    }
    return new Catalog(option, text, options, rules);
  }

  /** Returns the URL of an API's landing page, without a slash at its end. */
  static URI api(String option, String url) {
    try {
      URI uri = URI.create(url.strip().replaceFirst("(/search)?/*$", ""));
      if (Urls.isHttp(uri) && uri.getHost() != null) {
        return uri;
      }
      throw new ConfigurationException(Mismatch.ofText(option, "an http(s) URL", url));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(Mismatch.ofText(option, "an http(s) URL", url), e);
    }
  }

  /** {@return the catalogue after the option that named it, for messages} */
  public String where() {
    return option + " " + ObjectStores.redacted(uri);
  }

  /**
   * {@return what the catalogue is} Reads its start.
   *
   * @throws ConfigurationException if it is none
   * @throws IOException if it cannot be read
   */
  public Kind kind() throws IOException {
    return opened().kind();
  }

  /**
   * {@return URI of the source that relative names and web servers of the items refer to; empty if
   * none is needed} Known after {@link #list}.
   */
  public String source() {
    return source;
  }

  /**
   * Finds items, once.
   *
   * @param query which are wanted
   * @param consumer receives each of them once
   * @return numbers of items that are kept and skipped, by reason
   * @throws ConfigurationException if the catalogue is none, or does not support the query
   * @throws IOException if the catalogue cannot be read, or from {@code consumer}
   */
  public ListingStats list(ItemQuery query, ItemConsumer consumer) throws IOException {
    CatalogOpener.Opened start = opened();
    long limit = query.limit().orElse(Long.MAX_VALUE);
    if (start.kind() == Kind.API) {
      StacApi api = start.api().orElseThrow();
      StacSearch search = new StacSearch(client(), api, query);
      ItemFilter filter = ItemFilter.ofSearch(query, search::sendsBoxOnly);
      ItemCollector items = new ItemCollector(filter, limit, consumer, new ListingStats());
      source = api.uri().getScheme() + "://" + api.uri().getRawAuthority();
      search.run(items);
      return items.stats();
    }
    ItemCollector kept =
        new ItemCollector(ItemFilter.ofAll(query), limit, consumer, new ListingStats());
    if (query.sort().isEmpty()) {
      read(start, query, kept);
      return kept.stats();
    }
    SortedItems sorted = new SortedItems(where(), query.sort(), limit);
    ItemCollector all =
        new ItemCollector(ItemFilter.ofAll(query), Long.MAX_VALUE, sorted, new ListingStats());
    read(start, query, all);
    all.stats().skipped().forEach(kept.stats()::skip);
    sorted.drainTo(kept);
    return kept.stats();
  }

  /** Reads a file or a static catalogue. */
  private void read(CatalogOpener.Opened start, ItemQuery query, ItemCollector items)
      throws IOException {
    try (CatalogStore store = start.store().orElseThrow()) {
      if (start.kind() == Kind.STATIC) {
        source = store.source();
        JsonNode root = ItemDocuments.JSON.readTree(start.head().orElseThrow().head());
        new StaticCatalog(where(), store, query, options.limits().connections()).walk(root, items);
      } else {
        ItemFile file = new ItemFile(where(), store);
        if (start.head().isPresent()) {
          file.read(start.head().get(), items);
        }
        for (String name : start.files()) {
          file.readParquet(name, query, items);
        }
        source = file.needsSource() ? store.source() : "";
      }
    }
  }

  /**
   * Returns what the catalogue has instead, for a message about a search without results.
   *
   * @param query that found nothing
   * @return a text that starts with a colon; empty if nothing is known
   */
  public String explainEmpty(ItemQuery query) {
    if (opened == null || opened.api().isEmpty() || query.collection().isEmpty()) {
      return "";
    }
    URI api = opened.api().get().uri();
    return new EmptyResult(client(), api).explain(query.collection().get());
  }

  private StacClient client() {
    return new StacClient(option, api(option, uri), rules.forNamed(options));
  }

  private CatalogOpener.Opened opened() throws IOException {
    if (opened == null) {
      opened = new CatalogOpener(option, uri, options, rules).open();
    }
    return opened;
  }
}
