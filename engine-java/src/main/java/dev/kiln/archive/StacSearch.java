package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A search of a STAC API for the items of a collection within an area and a span of time.
 *
 * @param api the API's landing page, such as {@code https://earth-search.aws.element84.com/v1}
 * @param collection its id
 * @param area where
 * @param datetime when
 * @see <a href="https://github.com/radiantearth/stac-api-spec/tree/main/item-search">STAC API: item
 *     search</a>
 */
public record StacSearch(URI api, String collection, AreaOfInterest area, DatetimeRange datetime) {

  /** Items a page: some APIs cap the bytes of an answer, and an item can take 30 kB. */
  private static final int PAGE = 100;

  /**
   * What a search found.
   *
   * @param lines one an item, sorted, none twice: keys in {@code bucket} if there is one, else
   *     whole hrefs
   * @param bucket the S3 bucket that all items lie in, if they lie in one
   * @param pages answers read
   * @param tally items kept and left out
   */
  public record Found(List<String> lines, Optional<String> bucket, int pages, ListingStats tally) {}

  /**
   * Reads an API's URL as the command line names it: its landing page, or {@code …/search}.
   *
   * @throws ConfigurationException if it is no http(s) URL
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
   * Searches, page by page. Items are written by where they lie in S3, which is their canonical
   * link if they have one, else their self link.
   *
   * @throws ConfigurationException if the API refuses the search or is none
   * @throws IOException if it cannot be reached for longer than retries last
   */
  public Found run(StacClient client) throws IOException {
    ObjectNode body = JsonMapper.shared().createObjectNode();
    body.putArray("collections").add(collection);
    body.put("datetime", datetime.text()).put("limit", PAGE);
    body.set("intersects", area.toGeoJson());
    StacClient.Request request =
        new StacClient.Request(URI.create(api + "/search"), Optional.of(body));
    ListingStats tally = new ListingStats();
    Set<String> hrefs = new TreeSet<>();
    int pages = 0;
    for (Optional<StacClient.Request> next = Optional.of(request); next.isPresent(); ) {
      request = next.get();
      JsonNode page = client.send(request);
      if (!page.path("features").isArray()) {
        throw new ConfigurationException(
            "--api "
                + request.uri()
                + ": expected a GeoJSON FeatureCollection of items, found "
                + page.getNodeType());
      }
      pages++;
      for (JsonNode item : page.path("features")) {
        collect(request.uri(), item, hrefs, tally);
      }
      next = next(request, page);
      if (next.isPresent() && next.get().equals(request)) {
        throw new ConfigurationException(
            "--api " + api + ": page " + pages + " names itself as the next");
      }
    }
    return found(hrefs, pages, tally);
  }

  private static void collect(URI from, JsonNode item, Set<String> hrefs, ListingStats tally) {
    Optional<String> canonical =
        link(item, "canonical").map(link -> link.path("href").asString(""));
    Optional<String> self = link(item, "self").map(link -> link.path("href").asString(""));
    Optional<String> place =
        canonical
            .flatMap(ObjectRef::ofS3)
            .or(() -> self.flatMap(ObjectRef::ofS3))
            .map(ObjectRef::toString)
            .or(() -> self.map(href -> from.resolve(href).toString()));
    if (place.isEmpty()) {
      tally.skip("item without a self link");
    } else if (hrefs.add(place.get())) {
      tally.keep();
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

  /** The request for the page after this: a GET, or a POST whose body may build on the last one. */
  private static Optional<StacClient.Request> next(StacClient.Request last, JsonNode page) {
    Optional<JsonNode> link = link(page, "next");
    if (link.isEmpty()) {
      return Optional.empty();
    }
    URI uri = last.uri().resolve(link.get().path("href").asString(""));
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

  private static Optional<JsonNode> link(JsonNode of, String rel) {
    for (JsonNode link : of.path("links")) {
      if (link.path("rel").asString("").equals(rel)) {
        return Optional.of(link);
      }
    }
    return Optional.empty();
  }
}
