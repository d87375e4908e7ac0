package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A search of a STAC API for the items of a collection in an area and a time range.
 *
 * @param api the API's landing page, such as {@code https://earth-search.aws.element84.com/v1}
 * @param collection id of the collection
 * @param area that items intersect
 * @param datetime time range of the items
 * @see <a href="https://github.com/radiantearth/stac-api-spec/tree/main/item-search">STAC API: item
 *     search</a>
 */
public record StacSearch(URI api, String collection, AreaOfInterest area, DatetimeRange datetime) {

  private static final Logger log = LoggerFactory.getLogger(StacSearch.class);

  /** Items per page: some APIs limit the size of a response, and an item can have 30 kB. */
  private static final int PAGE = 100;

  /**
   * The result of a search.
   *
   * @param lines one per item, sorted, without repetitions: keys in {@code bucket} if there is one,
   *     otherwise whole URIs
   * @param bucket the S3 bucket of all items, if they are in one bucket
   * @param pages number of responses
   * @param tally numbers of items kept and skipped
   */
  public record Found(List<String> lines, Optional<String> bucket, int pages, ListingStats tally) {}

  /**
   * Parses an API's URL: its landing page, or {@code …/search}.
   *
   * @param url as given on the command line
   * @return the landing page
   * @throws ConfigurationException if it is not an http(s) URL
   */
  public static URI api(String url) {
    try {
      URI uri = URI.create(url.strip().replaceFirst("(/search)?/*$", ""));
      if (List.of("http", "https").contains(String.valueOf(uri.getScheme()))
          && uri.getHost() != null) {
        return uri;
      }
      throw new ConfigurationException("--api: expected an http(s) URL, found '" + url + "'");
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException("--api: expected an http(s) URL, found '" + url + "'", e);
    }
  }

  /**
   * Searches page by page. Items are listed by their location in S3: the canonical link if there is
   * one, otherwise the self link.
   *
   * @param client sends the requests
   * @return the items found
   * @throws ConfigurationException if the API rejects the search, its response is not a page of
   *     items, or it links to a page on another server or to one that was read before
   * @throws IOException if the API is unavailable
   */
  public Found run(StacClient client) throws IOException {
    return run(client, (place, item) -> {});
  }

  /**
   * Searches as {@link #run(StacClient)}, and hands on the items themselves.
   *
   * @param client sends the requests
   * @param items receives the location and the content of each item that is kept
   * @return the items found
   * @throws ConfigurationException as for {@link #run(StacClient)}
   * @throws IOException if the API is unavailable
   */
  public Found run(StacClient client, BiConsumer<String, JsonNode> items) throws IOException {
    ObjectNode body = JsonMapper.shared().createObjectNode();
    body.putArray("collections").add(collection);
    body.put("datetime", datetime.text()).put("limit", PAGE);
    body.set("intersects", area.toGeoJson());
    StacClient.Request request =
        new StacClient.Request(URI.create(api + "/search"), Optional.of(body));
    ListingStats tally = new ListingStats();
    Set<String> hrefs = new TreeSet<>();
    Set<StacClient.Request> sent = new HashSet<>();
    long matched = 0;
    int pages = 0;
    for (Optional<StacClient.Request> next = Optional.of(request); next.isPresent(); ) {
      request = next.get();
      if (!sent.add(request)) {
        throw new ConfigurationException(
            "--api "
                + api
                + ": page "
                + pages
                + ": expected a link to a new page, found one that was read before");
      }
      JsonNode page = client.send(request);
      if (!page.path("features").isArray()) {
        throw new ConfigurationException(
            "--api "
                + request.uri()
                + ": expected a GeoJSON FeatureCollection of items, found "
                + page.getNodeType());
      }
      pages++;
      matched = Math.max(matched, matched(page));
      int before = hrefs.size();
      for (JsonNode item : page.path("features")) {
        collect(request.uri(), item, hrefs, tally, items);
      }
      next = next(request, page);
      if (next.isPresent() && hrefs.size() == before && !sent.contains(next.get())) {
        log.warn("--api {}: page {} has no new items; the search ends there", api, pages);
        next = Optional.empty();
      }
    }
    if (matched > tally.total()) {
      log.warn(
          "--api {}: the API matched {} items and returned {}; the list is incomplete",
          api,
          matched,
          tally.total());
      tally.skip("matched by the API but not returned", matched - tally.total());
    }
    return found(hrefs, pages, tally);
  }

  /** Returns the total number of items that the API matched; 0 if it does not report it. */
  private static long matched(JsonNode page) {
    JsonNode number =
        page.has("numberMatched")
            ? page.path("numberMatched")
            : page.path("context").path("matched");
    return number.isIntegralNumber() && number.canConvertToLong() ? number.asLong() : 0;
  }

  /** Returns the location of an item on a web server, with illegal characters encoded. */
  private static Optional<String> web(URI from, String href) {
    try {
      URI uri = from.resolve(encoded(href));
      return isHttp(uri) && uri.getHost() != null ? Optional.of(uri.toString()) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean isHttp(URI uri) {
    return "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
  }

  /** Encodes illegal characters: some APIs return URLs with spaces, braces and bars. */
  private static String encoded(String href) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : href.getBytes(StandardCharsets.UTF_8)) {
      boolean legal = b > 0x20 && b < 0x7f && "\"<>\\^`{|}".indexOf(b) < 0;
      encoded.append(legal ? String.valueOf((char) b) : String.format(Locale.ROOT, "%%%02X", b));
    }
    return encoded.toString();
  }

  private static void collect(
      URI from,
      JsonNode item,
      Set<String> hrefs,
      ListingStats tally,
      BiConsumer<String, JsonNode> items) {
    Optional<String> canonical =
        link(item, "canonical").map(link -> link.path("href").asString(""));
    Optional<String> self = link(item, "self").map(link -> link.path("href").asString(""));
    Optional<String> place =
        canonical
            .flatMap(ObjectRef::ofS3)
            .or(() -> self.flatMap(ObjectRef::ofS3))
            .map(ObjectRef::toString)
            .or(() -> self.flatMap(href -> web(from, href)));
    if (self.isEmpty() && canonical.isEmpty()) {
      tally.skip("item without a self link");
    } else if (place.isEmpty() || place.get().chars().anyMatch(Character::isISOControl)) {
      tally.skip("item with a self link that is not a location in S3 or a URL");
    } else if (hrefs.add(place.get())) {
      tally.keep();
      items.accept(place.get(), item);
    } else {
      tally.skip("listed twice");
    }
  }

  private static Found found(Set<String> hrefs, int pages, ListingStats tally) {
    List<String> keys = new ArrayList<>();
    Set<String> buckets = new TreeSet<>();
    for (String href : hrefs) {
      Optional<ObjectRef> object = ObjectRef.ofS3(href);
      object.ifPresent(place -> keys.add(place.key()));
      buckets.add(object.flatMap(ObjectRef::bucket).orElse(""));
    }
    return buckets.size() == 1 && !buckets.contains("")
        ? new Found(keys, Optional.of(buckets.iterator().next()), pages, tally)
        : new Found(List.copyOf(hrefs), Optional.empty(), pages, tally);
  }

  /** Returns the request for the next page: a GET, or a POST whose body may extend the last one. */
  private static Optional<StacClient.Request> next(StacClient.Request last, JsonNode page) {
    Optional<JsonNode> link = link(page, "next");
    if (link.isEmpty()) {
      return Optional.empty();
    }
    URI uri = nextUri(last.uri(), link.get().path("href").asString(""));
    if (!link.get().path("method").asString("GET").equalsIgnoreCase("POST")) {
      return Optional.of(new StacClient.Request(uri, Optional.empty()));
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
  private static URI nextUri(URI from, String href) {
    try {
      URI next = from.resolve(encoded(href));
      if (isHttp(next) && from.getHost().equalsIgnoreCase(next.getHost())) {
        return next;
      }
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(nextMismatch(from, href), e);
    }
    throw new ConfigurationException(nextMismatch(from, href));
  }

  private static String nextMismatch(URI from, String href) {
    return Mismatch.ofText("--api " + from + ": next link", "a URL of " + from.getHost(), href);
  }

  private static Optional<JsonNode> link(JsonNode of, String rel) {
    for (JsonNode link : of.path("links")) {
      if (link.path("rel").asString("").equals(rel)) {
        return Optional.of(link);
      }
    }
    return Optional.empty();
  }
}
