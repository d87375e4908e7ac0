package dev.kiln.catalog;

import dev.kiln.archive.ListingStats;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.net.URI;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A catalogue of STAC items: an API that is searched. */
public final class Catalog {
  private final String option;
  private final StoreOptions options;
  private final URI uri;

  private Catalog(String option, URI uri, StoreOptions options) {
    this.option = option;
    this.uri = uri;
    this.options = options;
  }

  /**
   * Opens a catalogue.
   *
   * @param option that names it, for messages
   * @param uri URL of an API: its landing page, or {@code …/search}
   * @param options how it is reached
   * @return the catalogue, of which nothing has been read
   * @throws ConfigurationException if it is not a URL
   */
  public static Catalog open(String option, String uri, StoreOptions options) {
    return new Catalog(option, api(option, uri), options);
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

  /** {@return URI of the source that items without a location of their own refer to} */
  public String source() {
    return uri.getScheme() + "://" + uri.getRawAuthority();
  }

  /** {@return the catalogue after the option that named it, for messages} */
  public String where() {
    return option + " " + uri;
  }

  /**
   * Finds items.
   *
   * @param query which are wanted
   * @param items receives each of them once
   * @return numbers of items that are kept and skipped, by reason
   * @throws ConfigurationException if the catalogue is none, or does not support the query
   * @throws IOException if the catalogue cannot be read, or from {@code items}
   */
  public ListingStats list(ItemQuery query, ItemConsumer items) throws IOException {
    ListingStats stats = new ListingStats();
    StacClient client = new StacClient(option, uri, options);
    StacSearch search = new StacSearch(client, describe(client), query);
    search.run(
        new ItemCollector(
            ItemFilter.ofSearch(query, search::sendsBoxOnly),
            query.limit().orElse(Long.MAX_VALUE),
            items,
            stats));
    return stats;
  }

  /**
   * Returns what the catalogue has instead, for a message about a search without results.
   *
   * @param query that found nothing
   * @return a text that starts with a colon; empty if nothing is known
   */
  public String explainEmpty(ItemQuery query) {
    return query
        .collection()
        .map(id -> new EmptyResult(option, uri, options).explain(id))
        .orElse("");
  }

  /** Reads the landing page; some APIs answer searches without having one. */
  private StacApi describe(StacClient client) throws IOException {
    StacClient.Response response = client.exchange(StacClient.Request.get(uri));
    if (response.status() != 200) {
      return StacApi.undescribed(uri);
    }
    try {
      JsonNode landing = JsonMapper.shared().readTree(response.body());
      return landing.isObject() ? StacApi.of(client, uri, landing) : StacApi.undescribed(uri);
    } catch (JacksonException e) {
      return StacApi.undescribed(uri);
    }
  }
}
