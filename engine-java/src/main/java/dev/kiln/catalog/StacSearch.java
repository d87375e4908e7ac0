package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.io.Sha256;
import java.io.IOException;
import java.net.URI;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A search of a STAC API, page by page. Conditions are sent as CQL2 or by the query extension,
 * whatever the API conforms to, and compared again with the items that come back.
 *
 * @see <a href="https://github.com/radiantearth/stac-api-spec/tree/main/item-search">STAC API: item
 *     search</a>
 */
final class StacSearch {
  private static final Logger log = LoggerFactory.getLogger(StacSearch.class);

  /** An API that generates pages without an end is stopped here. */
  private static final int MAX_PAGES = 100_000;

  private static final Set<Integer> METHOD_NOT_PERMITTED = Set.of(405, 501);

  private final StacClient client;
  private final StacApi api;
  private final ItemQuery query;
  private final SearchRequests requests;

  /**
   * Creates a search.
   *
   * @param client sends the requests
   * @param api to search
   * @param query with a collection
   */
  StacSearch(StacClient client, StacApi api, ItemQuery query) {
    this.client = client;
    this.api = api;
    this.query = query;
    this.requests = new SearchRequests(api, query, client.where(api.uri()));
  }

  /**
   * Searches. The location of an item is its canonical or self link in a bucket, or else its self
   * link.
   *
   * @param items receives what is found
   * @return number of responses
   * @throws ConfigurationException if the API cannot compare properties or sort although the query
   *     wants it, rejects the search, its response is not a page of items, or it links to a page on
   *     another server or to one that was read before
   * @throws IOException if the API is unavailable
   */
  int run(ItemCollector items) throws IOException {
    Set<String> sent = new HashSet<>();
    long matched = 0;
    int pages = 0;
    StacClient.Request request = requests.first();
    log.info("search: {}", requests);
    for (Optional<StacClient.Request> next = Optional.of(request); next.isPresent(); ) {
      request = next.get();
      requireNew(sent, request, pages);
      StacClient.Response response = client.exchange(request);
      if (pages == 0 && METHOD_NOT_PERMITTED.contains(response.status())) {
        Optional<StacClient.Request> other = requests.withoutPost(request);
        if (other.isPresent()) {
          log.info(
              "searching by GET, because POST is not permitted: api={}",
              client.where(request.uri()));
          next = other;
          continue;
        }
      }
      if (pages == 0 && response.status() == 404 && api.conformsTo().isEmpty()) {
        throw new ConfigurationException(
            Mismatch.of(
                client.where(api.uri()),
                "a STAC API, a static catalogue or a file of items",
                "status 404 for it and for its /search: correct the URL"));
      }
      JsonNode page = client.json(request, response);
      if (!page.path("features").isArray()) {
        throw new ConfigurationException(
            Mismatch.of(
                client.where(request.uri()),
                "a GeoJSON FeatureCollection of items",
                CatalogDocument.describe(page)));
      }
      pages++;
      matched = Math.max(matched, matched(page));
      int before = items.different();
      for (JsonNode item : page.path("features")) {
        Optional<String> object = Links.object(item);
        URI from = request.uri();
        items.add(object.or(() -> Links.web(from, item)).orElse(""), object.isPresent(), item);
      }
      next = next(request, page);
      if (items.isFull()) {
        items.stats().skip("beyond --limit", Math.max(0, matched - items.stats().total()));
        return pages;
      }
      if (next.isPresent() && items.different() == before && !sent.contains(id(next.get()))) {
        log.warn(
            "search ended at a page without new items: api={} page={}",
            client.where(api.uri()),
            pages);
        next = Optional.empty();
      }
    }
    long missing = matched - items.stats().total();
    if (missing > 0) {
      log.warn(
          "list is incomplete, search a smaller area or period: api={} matched={} returned={}",
          client.where(api.uri()),
          matched,
          items.stats().total());
      items.stats().skip("matched by the API but not returned", missing);
    }
    return pages;
  }

  /**
   * {@return whether the area is compared here, because a GET request has its bounding box only}
   */
  boolean sendsBoxOnly() {
    return requests.sendsBoxOnly();
  }

  private void requireNew(Set<String> sent, StacClient.Request request, int pages) {
    if (!sent.add(id(request))) {
      throw new ConfigurationException(
          client.where(api.uri())
              + ": page "
              + pages
              + ": expected a link to a new page, found one that was read before");
    }
    if (sent.size() > MAX_PAGES) {
      throw new ConfigurationException(
          client.where(api.uri())
              + ": expected at most %,d pages, found more: search a smaller area or period"
                  .formatted(MAX_PAGES));
    }
  }

  private static String id(StacClient.Request request) {
    String text = request.uri() + "\n" + request.body().map(ObjectNode::toString).orElse("");
    return Sha256.hex(text);
  }

  /** Returns the total number of items that the API matched; 0 if it does not report it. */
  private static long matched(JsonNode page) {
    JsonNode number =
        page.has("numberMatched")
            ? page.path("numberMatched")
            : page.path("context").path("matched");
    return number.isIntegralNumber() && number.canConvertToLong() ? number.asLong() : 0;
  }

  /** Returns the request for the next page: a GET, or a POST whose body may extend the last one. */
  private Optional<StacClient.Request> next(StacClient.Request last, JsonNode page) {
    Optional<JsonNode> link = Links.first(page, "next");
    if (link.isEmpty()) {
      return Optional.empty();
    }
    URI uri = nextUri(last.uri(), link.get().path("href").asString(""));
    if (!link.get().path("method").asString("GET").equalsIgnoreCase("POST")) {
      return Optional.of(StacClient.Request.get(uri));
    }
    boolean merge = link.get().path("merge").asBoolean(false) || !link.get().has("body");
    ObjectNode body =
        merge && last.body().isPresent()
            ? last.body().get().deepCopy()
            : JsonMapper.shared().createObjectNode();
    if (link.get().path("body") instanceof ObjectNode more) {
      body.setAll(more);
    }
    return Optional.of(new StacClient.Request(uri, Optional.of(body)));
  }

  /** Resolves a link to the next page, which must be on the same host. */
  private URI nextUri(URI from, String href) {
    return Urls.resolve(from, href)
        .filter(next -> Urls.sameHost(from, next))
        .orElseThrow(
            () ->
                new ConfigurationException(
                    Mismatch.ofText(
                        client.where(from) + ": next link", "a URL of " + from.getHost(), href)));
  }
}
