package dev.kiln.catalog;

import dev.kiln.archive.ListingStats;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A catalogue of STAC items: an API that is searched, a static catalogue whose links are followed,
 * or a file of items. What it is, its content tells.
 */
public final class Catalog {
  private static final Logger log = LoggerFactory.getLogger(Catalog.class);

  /** Suffixes of documents; any other URL can be that of an API. */
  private static final List<String> FILES =
      List.of(".json", ".geojson", ".ndjson", ".jsonl", ".geojsonl", ".gz", ".parquet");

  /** Greatest size of a catalogue or collection in bytes. */
  private static final int MAX_DOCUMENT = 64 << 20;

  private static final String PARQUET = ".parquet";
  private static final Set<Integer> NO_LANDING_PAGE = Set.of(404, 405, 406);

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
  private Opened opened;
  private String source = "";

  /**
   * What reading the start of the catalogue gave.
   *
   * @param api for an API
   * @param store for all others
   * @param head for documents; empty for Parquet
   */
  private record Opened(
      Kind kind,
      Optional<StacApi> api,
      Optional<CatalogStore> store,
      Optional<DocumentHead> head) {}

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
    if (text.toLowerCase(Locale.ROOT).matches("https?:.*")) {
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
    return opened().kind;
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
    Opened start = opened();
    long limit = query.limit().orElse(Long.MAX_VALUE);
    if (start.kind == Kind.API) {
      StacApi api = start.api.orElseThrow();
      StacSearch search = new StacSearch(client(), api, query);
      ItemFilter filter = ItemFilter.ofSearch(query, search::sendsBoxOnly);
      ItemCollector items = new ItemCollector(filter, limit, consumer, new ListingStats());
      source = api.uri().getScheme() + "://" + api.uri().getRawAuthority();
      search.run(items);
      return items.stats();
    }
    if (!query.sort().isEmpty()) {
      throw new ConfigurationException(
          Mismatch.of(
              where() + ": --sort",
              "an API with the sort extension",
              (start.kind == Kind.STATIC ? "a static catalogue" : "a file of items")
                  + ": leave --sort out"));
    }
    ItemCollector items =
        new ItemCollector(ItemFilter.ofAll(query), limit, consumer, new ListingStats());
    try (CatalogStore store = start.store.orElseThrow()) {
      if (start.kind == Kind.STATIC) {
        source = store.source();
        JsonNode root = json(start.head.orElseThrow());
        new StaticCatalog(where(), store, query, options.limits().connections()).walk(root, items);
      } else {
        ItemFile file = new ItemFile(where(), store);
        file.read(start.head, query, items);
        source = file.needsSource() ? store.source() : "";
      }
    }
    return items.stats();
  }

  /**
   * Returns what the catalogue has instead, for a message about a search without results.
   *
   * @param query that found nothing
   * @return a text that starts with a colon; empty if nothing is known
   */
  public String explainEmpty(ItemQuery query) {
    if (opened == null || opened.api.isEmpty() || query.collection().isEmpty()) {
      return "";
    }
    URI api = opened.api.get().uri();
    return new EmptyResult(client(), api).explain(query.collection().get());
  }

  private StacClient client() {
    return new StacClient(option, api(option, uri), options);
  }

  private Opened opened() throws IOException {
    if (opened == null) {
      opened = isDocument() ? document() : web();
    }
    return opened;
  }

  private boolean isDocument() {
    if (!uri.toLowerCase(Locale.ROOT).matches("https?:.*")) {
      return true;
    }
    String path = uri.replaceFirst("[?#].*", "").toLowerCase(Locale.ROOT);
    return FILES.stream().anyMatch(path::endsWith);
  }

  private boolean isParquet() {
    return uri.replaceFirst("[?#].*", "").toLowerCase(Locale.ROOT).endsWith(PARQUET);
  }

  private Opened document() throws IOException {
    CatalogStore store = CatalogStore.of(uri, options, rules);
    try {
      if (isParquet()) {
        return new Opened(Kind.ITEMS, Optional.empty(), Optional.of(store), Optional.empty());
      }
      if (store.isLocal() && Files.isDirectory(ObjectStores.localPath(uri))) {
        throw wrong("a directory: name its catalog.json or collection.json");
      }
      return opened(store, DocumentHead.read(store.stream(store.rootName())));
    } catch (NoSuchFileException e) {
      store.close();
      throw new ConfigurationException(where() + ": no such file", e);
    } catch (AccessDeniedException e) {
      store.close();
      throw new ConfigurationException(where() + ": access denied: " + e.getReason(), e);
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private Opened opened(CatalogStore store, DocumentHead head) throws IOException {
    Optional<DocumentHead> content = Optional.of(head);
    switch (head.kind()) {
      case FEATURES, LINES -> {
        return new Opened(Kind.ITEMS, Optional.empty(), Optional.of(store), content);
      }
      case PARQUET -> {
        return new Opened(Kind.ITEMS, Optional.empty(), Optional.of(store), Optional.empty());
      }
      case OBJECT -> {
        byte[] whole = head.content().readNBytes(MAX_DOCUMENT + 1);
        if (whole.length > MAX_DOCUMENT) {
          throw wrong("a JSON document of more than %,d bytes".formatted(MAX_DOCUMENT));
        }
        DocumentHead read = new DocumentHead(head.kind(), new ByteArrayInputStream(whole), whole);
        requireCatalog(json(read));
        return new Opened(Kind.STATIC, Optional.empty(), Optional.of(store), Optional.of(read));
      }
      case HTML -> throw wrong("a web page (HTML)");
      default -> throw wrong("a file of another format");
    }
  }

  private JsonNode json(DocumentHead head) {
    try {
      return ItemDocuments.JSON.readTree(head.head());
    } catch (JacksonException e) {
      throw new ConfigurationException(
          where() + ": damaged JSON: " + Printable.of(e.getOriginalMessage()), e);
    }
  }

  /** Requires a document whose links lead to items. */
  private void requireCatalog(JsonNode json) {
    CatalogDocument document = CatalogDocument.of(json);
    String found = CatalogDocument.describe(json);
    switch (document) {
      case ITEM -> throw wrong(found + ": embed one item with kiln embed PLATFORM ITEM");
      case COLLECTION, CATALOG, API -> {
        boolean follows =
            Links.first(json, "child").isPresent() || Links.first(json, "item").isPresent();
        if (!follows && Links.first(json, "items").isPresent()) {
          throw wrong(
              found
                  + " of an API: give the API's landing page"
                  + Links.href(json, "root").map(href -> ", " + Printable.of(href) + ",").orElse("")
                  + " and --collection "
                  + Printable.of(json.path("id").asString("ID")));
        }
        if (!follows) {
          throw wrong(found + " without item search and without links to children or items");
        }
      }
      default -> throw wrong(found);
    }
  }

  private ConfigurationException wrong(String found) {
    return new ConfigurationException(
        Mismatch.of(where(), "a STAC API, a static catalogue or a file of items", found));
  }

  /** Reads a URL that can be that of an API; some answer searches without a landing page. */
  private Opened web() throws IOException {
    URI landing = api(option, uri);
    StacClient client = client();
    StacClient.Request request = StacClient.Request.get(landing);
    StacClient.Response response = client.exchange(request);
    boolean slash = uri.endsWith("/") && !uri.matches(".*/search/*");
    if (slash && NO_LANDING_PAGE.contains(response.status())) {
      request = StacClient.Request.get(URI.create(uri));
      response = client.exchange(request);
    }
    if (NO_LANDING_PAGE.contains(response.status())) {
      log.info("{}: no landing page (status {})", where(), response.status());
      return api(StacApi.undescribed(landing));
    }
    if (response.status() != 200) {
      throw wrong("status " + response.status() + ": " + response.text(200));
    }
    if (response.isHtml()) {
      throw wrong("a web page (HTML)");
    }
    InputStream body = new ByteArrayInputStream(response.body());
    DocumentHead head = DocumentHead.read(body);
    if (head.kind() == DocumentHead.Kind.OBJECT) {
      JsonNode json = client.json(request, response);
      if (CatalogDocument.of(json) == CatalogDocument.API) {
        return api(StacApi.of(client, landing, json));
      }
      if (CatalogDocument.of(json) == CatalogDocument.OTHER) {
        throw wrong(CatalogDocument.describe(json));
      }
    }
    if (head.kind() == DocumentHead.Kind.FEATURES
        && Links.first(client.json(request, response), "next").isPresent()) {
      throw wrong("one page of an API's items: give the API's landing page");
    }
    CatalogStore store = CatalogStore.of(request.uri().toString(), options, rules);
    try {
      return opened(store, head);
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private static Opened api(StacApi api) {
    return new Opened(Kind.API, Optional.of(api), Optional.empty(), Optional.empty());
  }
}
