package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Finds out what a URI names: an API, a static catalogue or items; or refuses it. */
final class CatalogOpener {
  private static final Logger log = LoggerFactory.getLogger(CatalogOpener.class);

  /** Suffixes of documents; any other URL can be that of an API. */
  private static final List<String> FILES =
      List.of(".json", ".geojson", ".ndjson", ".jsonl", ".geojsonl", ".gz", ".parquet");

  /** Greatest size of a catalogue or collection in bytes. */
  private static final int MAX_DOCUMENT = 64 << 20;

  private static final String PARQUET = ".parquet";
  private static final Set<Integer> NO_LANDING_PAGE = Set.of(404, 405, 406);
  private static final int MAX_SHOWN = 200;

  private final String option;
  private final String uri;
  private final StoreOptions options;
  private final SourceRules rules;

  /**
   * A catalogue whose start has been read.
   *
   * @param kind what it is
   * @param api for an API
   * @param store for all others; owned
   * @param head for documents; empty for Parquet; owned
   * @param files names of Parquet files
   */
  record Opened(
      Catalog.Kind kind,
      Optional<StacApi> api,
      Optional<CatalogStore> store,
      Optional<DocumentHead> head,
      List<String> files) {
    private static Opened api(StacApi api) {
      return new Opened(
          Catalog.Kind.API, Optional.of(api), Optional.empty(), Optional.empty(), List.of());
    }

    private static Opened document(Catalog.Kind kind, CatalogStore store, DocumentHead head) {
      return new Opened(kind, Optional.empty(), Optional.of(store), Optional.of(head), List.of());
    }

    private static Opened parquet(CatalogStore store, List<String> names) {
      return new Opened(
          Catalog.Kind.ITEMS, Optional.empty(), Optional.of(store), Optional.empty(), names);
    }
  }

  /**
   * Creates an opener.
   *
   * @param option that names the catalogue, for messages
   * @param uri of the catalogue
   * @param options how it is reached
   * @param rules which web servers are read besides its own
   */
  CatalogOpener(String option, String uri, StoreOptions options, SourceRules rules) {
    this.option = option;
    this.uri = uri;
    this.options = options;
    this.rules = rules;
  }

  /**
   * Opens the catalogue.
   *
   * @return owned by the caller
   * @throws ConfigurationException if it is none
   * @throws IOException if it cannot be read
   */
  Opened open() throws IOException {
    if (isWeb(uri) && FILES.stream().noneMatch(path()::endsWith)) {
      return web();
    }
    return ParquetDirectory.isDirectory(uri) ? directory(uri) : document();
  }

  /** {@return whether a URI is that of a web server} */
  static boolean isWeb(String uri) {
    return uri.toLowerCase(Locale.ROOT).matches("https?:.*");
  }

  private String path() {
    return uri.replaceFirst("[?#].*", "").toLowerCase(Locale.ROOT);
  }

  private String where() {
    return option + " " + ObjectStores.redacted(uri);
  }

  private Opened document() throws IOException {
    CatalogStore store = CatalogStore.of(uri, options, rules);
    try {
      if (!path().endsWith(PARQUET)) {
        return opened(store, DocumentHead.read(store.stream(store.rootName())));
      }
      if (!ObjectStores.isBucket(uri) || store.exists(store.rootName())) {
        return Opened.parquet(store, List.of(store.rootName()));
      }
      store.close();
      return directory(uri);
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

  /** Opens the Parquet files of a directory: large catalogues are partitioned. */
  private Opened directory(String root) throws IOException {
    List<String> names = ParquetDirectory.list(where(), root, options);
    if (names.isEmpty()) {
      throw wrong("a directory without Parquet files: name a document such as its catalog.json");
    }
    CatalogStore store = CatalogStore.ofDirectory(root, options, rules);
    return Opened.parquet(store, names.stream().map(store::below).toList());
  }

  private Opened opened(CatalogStore store, DocumentHead head) throws IOException {
    switch (head.kind()) {
      case FEATURES, LINES -> {
        return Opened.document(Catalog.Kind.ITEMS, store, head);
      }
      case PARQUET -> {
        head.content().close();
        return Opened.parquet(store, List.of(store.rootName()));
      }
      case OBJECT -> {
        byte[] whole = head.content().readNBytes(MAX_DOCUMENT + 1);
        if (whole.length > MAX_DOCUMENT) {
          throw wrong("a JSON document of more than %,d bytes".formatted(MAX_DOCUMENT));
        }
        requireLinks(json(whole));
        return Opened.document(
            Catalog.Kind.STATIC,
            store,
            new DocumentHead(head.kind(), new ByteArrayInputStream(whole), whole));
      }
      case HTML -> throw wrong("a web page (HTML)");
      default -> throw wrong("a file of another format");
    }
  }

  private JsonNode json(byte[] document) {
    try {
      return ItemDocuments.JSON.readTree(document);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          where() + ": damaged JSON: " + Printable.of(e.getOriginalMessage()), e);
    }
  }

  /** Requires a catalogue whose links lead to items. */
  private void requireLinks(JsonNode json) {
    String found = CatalogDocument.describe(json);
    switch (CatalogDocument.of(json)) {
      case ITEM -> throw wrong(found + ": embed one item with kiln embed PLATFORM ITEM");
      case COLLECTION, CATALOG, API -> {
        if (Links.first(json, "child").isPresent() || Links.first(json, "item").isPresent()) {
          return;
        }
        if (Links.first(json, "items").isPresent()) {
          throw wrong(
              found
                  + " of an API: give the API's landing page"
                  + Links.href(json, "root").map(href -> ", " + Printable.of(href) + ",").orElse("")
                  + " and --collection "
                  + Printable.of(json.path("id").asString("ID")));
        }
        throw wrong(found + " without item search and without links to children or items");
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
    URI landing = Catalog.api(option, uri);
    StacClient client = new StacClient(option, landing, rules.forNamed(options));
    StacClient.Request request = StacClient.Request.get(landing);
    StacClient.Response response = client.exchange(request);
    boolean slash = uri.endsWith("/") && !uri.matches(".*/search/*");
    if (slash && NO_LANDING_PAGE.contains(response.status())) {
      request = StacClient.Request.get(URI.create(uri));
      response = client.exchange(request);
    }
    if (NO_LANDING_PAGE.contains(response.status())) {
      log.info("API without a landing page: catalogue={} status={}", where(), response.status());
      return Opened.api(StacApi.undescribed(landing));
    }
    if (response.status() != 200) {
      boolean denied = response.status() == 401 || response.status() == 403;
      throw wrong(
          "status "
              + response.status()
              + (denied ? " (credentials: SOURCE_BEARER_TOKEN, SOURCE_HEADER or .netrc)" : "")
              + ": "
              + response.text(MAX_SHOWN));
    }
    if (response.isHtml()) {
      throw wrong("a web page (HTML)");
    }
    DocumentHead head = DocumentHead.read(new ByteArrayInputStream(response.body()));
    if (head.kind() == DocumentHead.Kind.OBJECT) {
      JsonNode json = client.json(request, response);
      if (CatalogDocument.of(json) == CatalogDocument.API) {
        return Opened.api(StacApi.of(client, landing, json));
      }
      if (CatalogDocument.of(json) == CatalogDocument.OTHER) {
        throw wrong(CatalogDocument.describe(json));
      }
    }
    if (head.kind() == DocumentHead.Kind.FEATURES && landing.getPath().replace("/", "").isEmpty()) {
      // The root of a server is no file of items: some servers respond to every path with a page.
      log.info("API without a landing page: catalogue={}", where());
      return Opened.api(StacApi.undescribed(landing));
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
}
