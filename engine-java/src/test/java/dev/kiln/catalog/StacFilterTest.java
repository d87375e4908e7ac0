package dev.kiln.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.archive.ListingStats;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Conditions, order and limit of a search, by POST and GET, in whatever form an API supports. This
 * one has 250 items, whose cloud cover is their number modulo 100.
 */
@Timeout(60)
class StacFilterTest {
  private static final String SEARCH = "https://api.stacspec.org/v1.0.0/item-search";
  private static final String FILTER = "https://api.stacspec.org/v1.0.0-rc.3/item-search#filter";
  private static final String JSON = "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json";
  private static final String TEXT = "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text";
  private static final String QUERY = SEARCH + "#query";
  private static final String SORT = SEARCH + "#sort";

  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());

  private final List<JsonNode> searches = Collections.synchronizedList(new ArrayList<>());
  private HttpServer server;
  private String uri;
  private List<String> conformsTo = List.of(SEARCH);
  private List<String> methods = List.of("GET", "POST");
  private boolean post = true;
  private boolean filters = true;
  private boolean statesClouds = true;
  private int matched = -1;
  private Map<String, FoundItem> found = new LinkedHashMap<>();

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::respond);
    server.start();
    uri = "http://127.0.0.1:" + server.getAddress().getPort() + "/stac";
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void respond(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getPath();
    asked.add(method + " " + path);
    byte[] body = exchange.getRequestBody().readAllBytes();
    JsonNode response = JsonMapper.shared().nullNode();
    if (path.equals("/stac")) {
      response = landing();
    } else if (path.equals("/stac/find") && (post || method.equals("GET"))) {
      JsonNode search =
          method.equals("GET")
              ? parameters(exchange.getRequestURI())
              : JsonMapper.shared().readTree(body);
      searches.add(search);
      response = page(search, method.equals("GET"));
    } else if (path.equals("/stac/collections")) {
      ObjectNode all = JsonMapper.shared().createObjectNode();
      all.putArray("collections").addObject().put("id", "sentinel-2-l2a");
      response = all;
    }
    byte[] bytes = response.toString().getBytes(StandardCharsets.UTF_8);
    int status = path.equals("/stac/find") ? 405 : 404;
    exchange.sendResponseHeaders(response.isNull() ? status : 200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private ObjectNode landing() {
    ObjectNode landing = JsonMapper.shared().createObjectNode().put("type", "Catalog");
    ArrayNode classes = landing.putArray("conformsTo");
    conformsTo.forEach(classes::add);
    ArrayNode links = landing.putArray("links");
    // Behind a proxy, an API may know itself by another name.
    links.addObject().put("rel", "search").put("href", "http://internal:80/search");
    for (String method : methods) {
      links.addObject().put("rel", "search").put("href", uri + "/find").put("method", method);
    }
    return landing;
  }

  private static JsonNode parameters(URI uri) {
    ObjectNode search = JsonMapper.shared().createObjectNode();
    for (String parameter : uri.getRawQuery().split("&")) {
      String[] parts = parameter.split("=", 2);
      String value = URLDecoder.decode(parts[1], StandardCharsets.UTF_8);
      boolean json = value.startsWith("{") || value.matches("\\d+");
      search.set(
          parts[0],
          json ? JsonMapper.shared().readTree(value) : JsonMapper.shared().valueToTree(value));
    }
    return search;
  }

  private ObjectNode page(JsonNode search, boolean get) {
    int size = search.path("limit").asInt(10);
    int from = search.path("token").asInt(0);
    boolean filtered = search.has("filter") || search.has("query") || search.has("kept");
    List<Integer> found =
        IntStream.range(0, 250).filter(i -> !filters || !filtered || i % 100 < 60).boxed().toList();
    ObjectNode page = JsonMapper.shared().createObjectNode().put("type", "FeatureCollection");
    page.putObject("context").put("matched", matched < 0 ? found.size() : matched);
    ArrayNode features = page.putArray("features");
    int to = Math.min(found.size(), from + size);
    found.subList(from, to).forEach(number -> features.add(item(number)));
    if (to < found.size()) {
      ObjectNode next = page.putArray("links").addObject().put("rel", "next");
      if (get) {
        String kept = filtered ? "&kept=1" : "";
        next.put("href", uri + "/find?limit=" + size + "&token=" + to + kept);
      } else {
        next.put("href", uri + "/find").put("method", "POST").put("merge", true);
        next.putObject("body").put("token", to);
      }
    }
    return page;
  }

  private ObjectNode item(int number) {
    ObjectNode item = JsonMapper.shared().createObjectNode().put("type", "Feature");
    item.put("id", "i%03d".formatted(number)).put("collection", "c");
    ObjectNode properties = item.putObject("properties").put("datetime", "2023-06-01T00:00:00Z");
    if (statesClouds) {
      properties.put("eo:cloud_cover", number % 100);
    }
    item.putObject("assets");
    item.putArray("bbox").add(number % 100).add(0).add(number % 100 + 1).add(1);
    item.putArray("links")
        .addObject()
        .put("rel", "self")
        .put("href", uri + "/collections/c/items/i%03d".formatted(number));
    return item;
  }

  private static ItemQuery.Builder query(String... conditions) {
    return ItemQuery.builder()
        .collection(Optional.of("c"))
        .area(Optional.of(AreaOfInterest.ofBox(0, 0, 10, 10)))
        .datetime(Optional.of(DatetimeRange.parse("2023/2024")))
        .conditions(List.of(conditions).stream().map(PropertyCondition::parse).toList());
  }

  private static List<String> ids(Map<String, FoundItem> found) {
    return found.values().stream().map(item -> item.json().path("id").asString("")).toList();
  }

  private ListingStats list(ItemQuery.Builder query) throws IOException {
    found = new LinkedHashMap<>();
    return Catalog.open("--stac", uri + "/", StoreOptions.standard(), SourceRules.standard())
        .list(
            query.build(),
            item -> {
              found.put(item.key(), item);
              return "";
            });
  }

  @Test
  void conditionsAreSentAsCql2JsonByPost() throws IOException {
    conformsTo = List.of(SEARCH, FILTER, JSON, TEXT, QUERY);
    ListingStats stats = list(query("eo:cloud_cover<60"));
    assertThat(found).hasSize(170);
    assertThat(stats.skipped()).isEmpty();
    assertThat(asked).containsExactly("GET /stac", "POST /stac/find", "POST /stac/find");
    assertThat(searches.get(0).path("filter-lang").asString("")).isEqualTo("cql2-json");
    assertThat(searches.get(0).path("filter").toString())
        .isEqualTo("{\"op\":\"<\",\"args\":[{\"property\":\"eo:cloud_cover\"},60]}");
    assertThat(searches.get(1).path("filter")).isEqualTo(searches.get(0).path("filter"));
    list(query("eo:cloud_cover<60", "platform!=x", "updated>=2023-01-01T00:00:00Z"));
    assertThat(searches.get(2).path("filter").toString())
        .isEqualTo(
            "{\"op\":\"and\",\"args\":["
                + "{\"op\":\"<\",\"args\":[{\"property\":\"eo:cloud_cover\"},60]},"
                + "{\"op\":\"<>\",\"args\":[{\"property\":\"platform\"},\"x\"]},"
                + "{\"op\":\">=\",\"args\":[{\"property\":\"updated\"},"
                + "{\"timestamp\":\"2023-01-01T00:00:00Z\"}]}]}");
  }

  @Test
  void conditionsAreSentAsTextByGet() throws IOException {
    conformsTo = List.of(SEARCH, FILTER, JSON, TEXT, QUERY);
    list(query("eo:cloud_cover<60", "my-name='5'", "n=it's").method(ItemQuery.Method.GET));
    assertThat(searches.get(0).path("filter-lang").asString("")).isEqualTo("cql2-text");
    assertThat(searches.get(0).path("filter").asString(""))
        .isEqualTo("eo:cloud_cover < 60 AND \"my-name\" = '5' AND n = 'it''s'");
    assertThat(searches.get(0).path("collections").asString("")).isEqualTo("c");
    assertThat(searches.get(0).path("intersects").path("type").asString("")).isEqualTo("Polygon");
    assertThat(found).hasSize(170);
    assertThat(asked).containsExactly("GET /stac", "GET /stac/find", "GET /stac/find");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void conditionsAreSentByTheQueryExtension(boolean byPost) throws IOException {
    conformsTo = List.of(SEARCH, QUERY);
    post = byPost;
    ListingStats stats = list(query("eo:cloud_cover<60", "eo:cloud_cover>=0"));
    assertThat(searches.get(0).path("query").toString())
        .isEqualTo("{\"eo:cloud_cover\":{\"lt\":60,\"gte\":0}}");
    assertThat(found).hasSize(170);
    assertThat(stats.skipped()).isEmpty();
    // Without POST, the search continues by GET.
    assertThat(asked)
        .containsExactlyElementsOf(
            byPost
                ? List.of("GET /stac", "POST /stac/find", "POST /stac/find")
                : List.of("GET /stac", "POST /stac/find", "GET /stac/find", "GET /stac/find"));
  }

  @Test
  void anApiThatFiltersByGetOnlyIsSearchedByGet() throws IOException {
    conformsTo = List.of(SEARCH, FILTER, TEXT);
    list(query("eo:cloud_cover<60"));
    assertThat(asked).doesNotContain("POST /stac/find");
    assertThat(found).hasSize(170);
    methods = List.of("GET");
    asked.clear();
    list(query());
    assertThat(asked).doesNotContain("POST /stac/find");
  }

  @Test
  void conditionsAreNeverIgnored() {
    assertThatThrownBy(() -> list(query("eo:cloud_cover<60")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "--stac "
                + uri
                + ": --query: expected an API with the filter or the query extension, found one"
                + " with conformance to item-search: leave --query out; --best chooses scenes by"
                + " their masks");
    assertThat(searches).isEmpty();
    conformsTo = List.of(SEARCH, QUERY);
    assertThatThrownBy(() -> list(query("a<1", "a<2")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--query a<2: expected each operator once per property, found two");
    conformsTo = List.of(SEARCH, FILTER, TEXT);
    assertThatThrownBy(() -> list(query("a<1").method(ItemQuery.Method.POST)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--query: expected an API with");
  }

  @Test
  void itemsThatContradictAConditionAreLeftOut() throws IOException {
    conformsTo = List.of(SEARCH, FILTER, JSON);
    filters = false;
    // A whole page of excluded items does not end the search.
    ListingStats stats = list(query("eo:cloud_cover>=60"));
    assertThat(found).hasSize(80);
    assertThat(stats.skipped())
        .containsEntry("returned by the API although --query excludes it", 170L);
    statesClouds = false;
    assertThat(list(query("eo:cloud_cover>=60")).skipped()).isEmpty();
    assertThat(found).as("the API may know properties that it does not return").hasSize(250);
  }

  @Test
  void orderAndLimitAreSent() throws IOException {
    conformsTo = List.of(SEARCH, SORT);
    List<SortField> order = List.of(SortField.parse("-datetime"), SortField.parse("id"));
    ListingStats stats = list(query().sort(order).limit(OptionalLong.of(120)));
    assertThat(searches.get(0).path("sortby").toString())
        .isEqualTo(
            "[{\"field\":\"properties.datetime\",\"direction\":\"desc\"},"
                + "{\"field\":\"id\",\"direction\":\"asc\"}]");
    assertThat(ids(found)).hasSize(120).startsWith("i000", "i001");
    assertThat(stats.skipped()).containsEntry("beyond --limit", 130L);
    assertThat(searches).hasSize(2);
    list(query().sort(order).limit(OptionalLong.of(3)).method(ItemQuery.Method.GET));
    assertThat(searches.get(2).path("sortby").asString("")).isEqualTo("-properties.datetime,id");
    assertThat(searches.get(2).path("limit").asInt()).isEqualTo(3);
    conformsTo = List.of(SEARCH, QUERY);
    assertThatThrownBy(() -> list(query().sort(order)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--sort: expected an API with the sort extension, found one with")
        .hasMessageContaining("item-search, item-search#query");
  }

  @Test
  void aLongPolygonIsSentAsABoxByGetAndComparedHere() throws IOException {
    List<String> points = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      double angle = 2 * Math.PI * (i % 299) / 299;
      points.add("[%.9f,%.9f]".formatted(20 + 9.5 * Math.cos(angle), 5 * Math.sin(angle)));
    }
    byte[] circle =
        ("{\"type\":\"Polygon\",\"coordinates\":[[" + String.join(",", points) + "]]}").getBytes();
    AreaOfInterest area =
        AreaOfInterest.read(name -> new ByteArrayInputStream(circle), "--aoi", "a");
    ListingStats stats = list(query().area(Optional.of(area)).method(ItemQuery.Method.GET));
    assertThat(searches.get(0).has("intersects")).isFalse();
    String[] box = searches.get(0).path("bbox").asString("").split(",");
    assertThat(box).hasSize(4);
    assertThat(Double.parseDouble(box[0])).isEqualTo(10.5, offset(0.01));
    // Items 10 to 29 of every hundred touch the circle; this API returned all.
    assertThat(found).hasSize(3 * 20);
    assertThat(stats.skipped()).containsEntry("outside the area", 190L);
  }

  @ParameterizedTest
  @CsvSource({
    "https://h/v1, search, https://h/v1/search",
    "https://h, search, https://h/search",
    "https://h/v1?token=a/b, search, https://h/v1/search?token=a/b",
    "https://h/v1/, '', https://h/v1/"
  })
  void resourcesOfAnApiKeepItsQuery(URI api, String path, URI resource) {
    assertThat(Urls.below(api, path)).isEqualTo(resource);
  }

  @Test
  void aShortfallIsCountedAndAnEmptyResultExplained() throws IOException {
    matched = 300;
    assertThat(list(query()).skipped()).containsEntry("matched by the API but not returned", 50L);
    Catalog catalog = Catalog.open("--stac", uri, StoreOptions.standard(), SourceRules.standard());
    assertThat(catalog.kind()).isEqualTo(Catalog.Kind.API);
    assertThat(catalog.explainEmpty(query().build()))
        .isEqualTo(": the API has no such collection, but sentinel-2-l2a");
  }

  @ParameterizedTest
  @CsvSource({
    "eo:cloud_cover<20, LT, 20",
    "properties.eo:cloud_cover <= 2.5, LTE, 2.5",
    "a>-1e3, GT, -1000.0",
    "platform=sentinel-2a, EQ, '\"sentinel-2a\"'",
    "platform == 'a b', EQ, '\"a b\"'",
    "'code=\"007\"', EQ, '\"007\"'",
    "baseline>=04.00, GTE, '\"04.00\"'",
    "flag<>true, NEQ, true"
  })
  void conditionsAreParsed(String text, String operator, String value) {
    PropertyCondition condition = PropertyCondition.parse(text);
    assertThat(condition.operator()).isEqualTo(PropertyCondition.Operator.valueOf(operator));
    assertThat(condition.value().toString()).isEqualTo(value);
    assertThat(condition.property()).doesNotContain(" ", "properties.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "cloud", "<20", "a<", "a b<2"})
  void otherTextIsNoCondition(String text) {
    assertThatThrownBy(() -> PropertyCondition.parse(text))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--query: expected a condition such as eo:cloud_cover<20, found");
  }

  @ParameterizedTest
  @CsvSource({
    "a<5, SATISFIED",
    "a<4, VIOLATED",
    "b=x, SATISFIED",
    "b>y, VIOLATED",
    "c<13, SATISFIED",
    "c='12', SATISFIED",
    "d=true, SATISFIED",
    "d=x, UNKNOWN",
    "e=1, UNKNOWN",
    "id=i, SATISFIED",
    "a!=4, VIOLATED"
  })
  void conditionsAreCompared(String condition, String verdict) {
    JsonNode item =
        JsonMapper.shared()
            .readTree(
                "{'id':'i','properties':{'a':4,'b':'x','c':'12','d':true}}".replace('\'', '"'));
    assertThat(PropertyCondition.parse(condition).check(item))
        .isEqualTo(PropertyCondition.Verdict.valueOf(verdict));
  }
}
