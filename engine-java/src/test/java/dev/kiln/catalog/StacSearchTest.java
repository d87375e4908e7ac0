package dev.kiln.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.archive.ListingStats;
import dev.kiln.archive.SceneListFile;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.StoreOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class StacSearchTest {
  /** The next response of the server. */
  private interface Response {
    void send(HttpExchange exchange) throws IOException;
  }

  private final Deque<Response> responses = new ArrayDeque<>();
  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
  private final List<JsonNode> bodies = Collections.synchronizedList(new ArrayList<>());
  private final List<Duration> waits = new ArrayList<>();
  private HttpServer server;
  private String api;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::respond);
    server.start();
    api = "http://" + server.getAddress().getHostString() + ":" + server.getAddress().getPort();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void respond(HttpExchange exchange) throws IOException {
    asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
    byte[] body = exchange.getRequestBody().readAllBytes();
    bodies.add(JsonMapper.shared().readTree(body.length == 0 ? "null".getBytes() : body));
    responses.remove().send(exchange);
    exchange.close();
  }

  private static Response status(int status, String body, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
      }
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    };
  }

  private static Response page(String next, String... items) {
    return status(
        200,
        "{\"type\":\"FeatureCollection\",\"features\":["
            + String.join(",", items)
            + "],\"links\":[{\"rel\":\"self\",\"href\":\"/search\"}"
            + next
            + "]}");
  }

  private static String item(int number) {
    return item("canonical", "s3://bucket/items/" + number + ".json");
  }

  private static String item(String rel, String href) {
    return "{\"id\":\""
        + href.replace("\\n", "")
        + "\",\"links\":[{\"rel\":\""
        + rel
        + "\",\"href\":\""
        + href
        + "\"}]}";
  }

  /** What a search found. */
  private record Found(
      List<String> lines, Optional<String> bucket, int pages, ListingStats tally) {}

  private Found search() throws IOException {
    ItemQuery query =
        ItemQuery.builder()
            .collection(Optional.of("sentinel-2-l2a"))
            .area(Optional.of(AreaOfInterest.ofBox(0, 0, 10, 10)))
            .datetime(Optional.of(DatetimeRange.parse("2023/2024")))
            .build();
    URI uri = Catalog.api("--api", api + "/v1/");
    StacClient client = new StacClient("--api", uri, StoreOptions.standard(), waits::add);
    StacSearch search = new StacSearch(client, StacApi.undescribed(uri), query);
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    SceneListFile file = SceneListFile.to(written);
    ListedItems list = new ListedItems(file, query, ListedItems.Form.HREF);
    ItemCollector items =
        new ItemCollector(
            ItemFilter.ofSearch(query, search::sendsBoxOnly),
            Long.MAX_VALUE,
            list,
            new ListingStats());
    int pages = search.run(items);
    list.finish();
    file.commit();
    return new Found(
        written.toString(StandardCharsets.UTF_8).lines().toList(),
        list.bucket(),
        pages,
        items.stats());
  }

  private static String next(String href) {
    return ",{\"rel\":\"next\",\"href\":\"" + href + "\"}";
  }

  @Test
  void cycleOfPagesIsRejected() {
    responses.add(page(next("/search?page=a"), item(1)));
    responses.add(page(next("/search?page=b"), item(2)));
    responses.add(page(next("/search?page=a"), item(3)));
    assertThatThrownBy(this::search)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(
            "page 3: expected a link to a new page, found one that was read before");
  }

  @Test
  void pageWithoutNewItemsEndsTheSearch() throws IOException {
    responses.add(page(next("/search?page=a"), item(1)));
    responses.add(page(next("/search?page=b"), item(1)));
    assertThat(search().lines()).containsExactly("items/1.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"file:///etc/passwd", "https://other.example/search", "ftp://127.0.0.1/x", ""})
  void nextPageOnAnotherServerIsRejected(String href) {
    responses.add(page(next(href.isEmpty() ? "http://" : href), item(1)));
    assertThatThrownBy(this::search)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("next link: expected a URL of 127.0.0.1");
    assertThat(asked).hasSize(1);
  }

  @Test
  void illegalCharactersInLinksAreEncoded() throws IOException {
    responses.add(page(next("/search?token=next|c {x}"), item(1)));
    responses.add(page("", item("self", "https://host.example/my item.json")));
    Found found = search();
    assertThat(asked.get(1)).endsWith("/search?token=next%7Cc%20%7Bx%7D");
    assertThat(found.lines())
        .containsExactly("https://host.example/my%20item.json", "s3://bucket/items/1.json");
  }

  @Test
  void linkWithALineBreakIsNotListed() throws IOException {
    responses.add(
        page(
            "",
            item(1),
            item("self", "s3://b/x.json\\n../evil.json"),
            item("self", "file:///etc/passwd")));
    Found found = search();
    assertThat(found.lines()).containsExactly("items/1.json");
    assertThat(found.tally().skipped().values()).containsExactly(2L);
  }

  @Test
  void itemsThatTheApiMatchedButDidNotReturnAreReported() throws IOException {
    responses.add(
        status(
            200,
            "{\"features\":[" + item(1) + "," + item(2) + "],\"numberMatched\":37,\"links\":[]}"));
    assertThat(search().tally().skipped())
        .containsEntry("matched by the API but not returned", 35L);
  }

  @Test
  void postsTheSearchAndSortsTheItems() throws IOException {
    responses.add(page("", item(2), item(1), item(2)));

    Found found = search();

    assertThat(found.lines()).containsExactly("items/1.json", "items/2.json");
    assertThat(found.bucket()).contains("s3://bucket");
    assertThat(found.tally().kept()).isEqualTo(2);
    assertThat(found.tally().skipped()).containsEntry("listed twice", 1L);
    assertThat(asked).containsExactly("POST /v1/search");
    JsonNode body = bodies.get(0);
    assertThat(body.path("collections").path(0).asString()).isEqualTo("sentinel-2-l2a");
    assertThat(body.path("datetime").asString())
        .isEqualTo("2023-01-01T00:00:00Z/2024-12-31T23:59:59Z");
    assertThat(body.path("intersects").path("type").asString()).isEqualTo("Polygon");
    assertThat(body.path("limit").asInt()).isEqualTo(100);
    assertThat(waits).isEmpty();
  }

  @Test
  void followsPagesByGetPostAndMergedBodies() throws IOException {
    responses.add(
        page(
            ",{\"rel\":\"next\",\"href\":\""
                + api
                + "/v1/search\",\"method\":\"POST\",\"merge\":true,\"body\":{\"next\":\"t1\"}}",
            item(1)));
    responses.add(
        page(
            ",{\"rel\":\"next\",\"href\":\"search\",\"method\":\"POST\","
                + "\"body\":{\"token\":\"t2\"}}",
            item(2)));
    responses.add(page(",{\"rel\":\"next\",\"href\":\"/v1/search?token=t3\"}", item(3)));
    responses.add(page("", item(4)));

    Found found = search();

    assertThat(found.lines()).hasSize(4);
    assertThat(found.pages()).isEqualTo(4);
    assertThat(asked)
        .containsExactly(
            "POST /v1/search", "POST /v1/search", "POST /v1/search", "GET /v1/search?token=t3");
    assertThat(bodies.get(1).path("next").asString()).isEqualTo("t1");
    assertThat(bodies.get(1).path("collections").size()).isEqualTo(1);
    assertThat(bodies.get(2).toString()).isEqualTo("{\"token\":\"t2\"}");
  }

  @Test
  void readsThousandsOfItems() throws IOException {
    for (int i = 0; i < 30; i++) {
      int first = i * 100;
      responses.add(
          page(
              i == 29 ? "" : ",{\"rel\":\"next\",\"href\":\"/v1/search?page=" + (i + 2) + "\"}",
              IntStream.range(first, first + 100)
                  .mapToObj(StacSearchTest::item)
                  .toArray(String[]::new)));
    }

    assertThat(search().lines()).hasSize(3000).isSorted();
  }

  @Test
  void listsUrisOfItemsInSeveralLocations() throws IOException {
    responses.add(
        page(
            "",
            item("self", "https://b.s3.us-west-2.amazonaws.com/x.json"),
            item("self", "collections/c/items/1"),
            "{\"id\":\"lost\",\"links\":[]}"));

    Found found = search();

    assertThat(found.lines()).containsExactly(api + "/v1/collections/c/items/1", "s3://b/x.json");
    assertThat(found.bucket()).isEmpty();
    assertThat(found.tally().skipped())
        .containsEntry("item without a self link to a bucket or web server", 1L);
  }

  @Test
  void emptyResultIsReturned() throws IOException {
    responses.add(page(""));

    assertThat(search().lines()).isEmpty();
  }

  @Test
  void retriesAfterTheRequestedTime() throws IOException {
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            ZonedDateTime.now(ZoneOffset.UTC).plusHours(-1));
    responses.add(status(429, "slow down", "Retry-After", "7"));
    responses.add(status(503, "", "Retry-After", date));
    responses.add(status(502, ""));
    responses.add(HttpExchange::close);
    responses.add(page("", item(1)));

    assertThat(search().lines()).hasSize(1);
    assertThat(waits).hasSize(4);
    assertThat(waits.get(0)).isEqualTo(Duration.ofSeconds(7));
    assertThat(waits.get(1)).isZero();
    assertThat(waits.get(2)).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(4));
    assertThat(waits.get(3)).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(8));
    assertThat(bodies.stream().map(JsonNode::toString).collect(Collectors.toSet())).hasSize(1);
  }

  @Test
  void stopsAfterSixAttempts() {
    for (int i = 0; i < 6; i++) {
      responses.add(status(500, "down"));
    }

    assertThatThrownBy(this::search)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("status 500")
        .hasMessageContaining("try again later");
    assertThat(waits).hasSize(5);
  }

  @Test
  void rejectsALongRetryAfter() {
    responses.add(status(429, "", "Retry-After", "86400"));

    assertThatThrownBy(this::search)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Retry-After 86400 s");
    assertThat(waits).isEmpty();
  }

  @Test
  void reportsAnUnreachableServer() {
    server.stop(0);

    assertThatThrownBy(this::search)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("--api " + api + "/v1/search: connection refused by " + api);
    assertThat(waits).hasSize(5);
  }

  @Test
  void reportsTheErrorOfTheApi() {
    responses.add(status(400, "{\"description\":\"no such\\ncollection\"}"));

    assertThatThrownBy(this::search)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("/v1/search: expected status 200, found 400: ")
        .hasMessageContaining("no such\\ncollection");
    assertThat(waits).isEmpty();
  }

  @Test
  void rejectsResponsesThatAreNotPages() {
    responses.add(status(200, "<html>welcome</html>"));
    assertThatThrownBy(this::search)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected JSON");
    responses.add(status(200, "{\"type\":\"Catalog\"}"));
    assertThatThrownBy(this::search)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected a GeoJSON FeatureCollection");
  }

  @Test
  void pageThatLinksToItselfIsRejected() {
    String loop = ",{\"rel\":\"next\",\"href\":\"/v1/search?page=2\"}";
    responses.add(page(loop, item(1)));
    responses.add(page(loop, item(2)));

    assertThatThrownBy(this::search)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(
            "page 2: expected a link to a new page, found one that was read before");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://x.org/v1", "https://x.org/v1/", "https://x.org/v1/search"})
  void acceptsTheLandingPageOrTheSearchUrl(String url) {
    assertThat(Catalog.api("--api", url)).isEqualTo(URI.create("https://x.org/v1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "earth-search", "ftp://x.org", "https://", "s3://b/k", "http://a b"})
  void rejectsAnInvalidUrl(String url) {
    assertThatThrownBy(() -> Catalog.api("--api", url))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--api: expected an http(s) URL, found '" + url + "'");
  }
}
