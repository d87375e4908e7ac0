package dev.kiln.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.archive.ListingStats;
import dev.kiln.archive.SceneListFile;
import dev.kiln.archive.StacItem;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.RangeServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.io.WKBWriter;
import org.locationtech.jts.io.WKTReader;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Static catalogues and files of items, on disk and on a web server. */
@Timeout(60)
class CatalogFilesTest {
  @TempDir Path directory;
  private final Map<String, FoundItem> found = new LinkedHashMap<>();
  private String source = "";

  /** Item number n is at longitude n, in month n % 12 + 1 of 2023, with n % 100 % of cloud. */
  private static ObjectNode item(int n) {
    ObjectNode item = JsonMapper.shared().createObjectNode().put("type", "Feature");
    item.put("stac_version", "1.0.0").put("id", "i%03d".formatted(n));
    item.put("collection", n % 2 == 0 ? "even" : "odd");
    ArrayNode ring = item.putObject("geometry").put("type", "Polygon").putArray("coordinates");
    ArrayNode points = ring.addArray();
    for (double[] p : new double[][] {{0, 0}, {0.5, 0}, {0.5, 0.5}, {0, 0.5}, {0, 0}}) {
      points.addArray().add(n + p[0]).add(p[1]);
    }
    item.putArray("bbox").add((double) n).add(0.0).add(n + 0.5).add(0.5);
    item.putObject("properties")
        .put("datetime", "2023-%02d-15T10:00:00.250Z".formatted(n % 12 + 1))
        .put("eo:cloud_cover", n % 100 + 0.5)
        .put("platform", n % 3 == 0 ? "a" : "b");
    ObjectNode assets = item.putObject("assets");
    ObjectNode red = assets.putObject("red").put("href", "red-" + n + ".tif").put("gsd", 10);
    red.put("type", "image/tiff; application=geotiff").put("title", "Red");
    red.putArray("roles").add("data");
    red.putArray("proj:shape").add(100 + n).add(200);
    red.putArray("proj:transform").add(10.5).add(0.0).add(n).add(0.0).add(-10.5).add(7.0);
    red.putArray("bands").addObject().put("name", "B04").put("nodata", 0.0);
    if (n % 2 == 0) {
      assets.putObject("nir").put("href", "s3://b/nir-" + n + ".tif").put("type", "image/tiff");
    }
    item.putArray("links").addObject().put("rel", "collection").put("href", "./c.json");
    return item;
  }

  private static List<ObjectNode> items(int count) {
    return IntStream.range(0, count).mapToObj(CatalogFilesTest::item).toList();
  }

  private static ObjectNode catalog(String type, String id, String... links) {
    ObjectNode catalog = JsonMapper.shared().createObjectNode().put("type", type).put("id", id);
    ArrayNode list = catalog.put("stac_version", "1.0.0").putArray("links");
    for (String link : links) {
      list.addObject()
          .put("rel", link.substring(0, link.indexOf(' ')))
          .put("href", link.substring(link.indexOf(' ') + 1));
    }
    return catalog;
  }

  private void write(String name, Object content) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content.toString());
  }

  private final List<FoundItem> inOrder = new ArrayList<>();

  private ListingStats list(String uri, ItemQuery.Builder query, String... hosts)
      throws IOException {
    found.clear();
    inOrder.clear();
    Catalog catalog =
        Catalog.open("--stac", uri, StoreOptions.standard(), new SourceRules(false, Set.of(hosts)));
    ListingStats stats =
        catalog.list(
            query.build(),
            item -> {
              found.put(item.key(), item);
              inOrder.add(item);
              return "";
            });
    source = catalog.source();
    return stats;
  }

  private ListingStats list(String name) throws IOException {
    return list(directory.resolve(name).toString(), ItemQuery.builder());
  }

  private List<String> ids() {
    return found.values().stream().map(item -> item.json().path("id").asString("")).toList();
  }

  /**
   * A catalogue of two collections with relative links, and 30 items in directories of their own.
   */
  private void writeCatalog() throws IOException {
    write(
        "catalog.json",
        catalog(
            "Catalog",
            "root",
            "self https://elsewhere.example/catalog.json",
            "child ./even/collection.json",
            "child odd/collection.json"));
    for (int parity = 0; parity < 2; parity++) {
      String name = parity == 0 ? "even" : "odd";
      List<String> links =
          new ArrayList<>(List.of("root ../catalog.json", "parent ../catalog.json"));
      for (int n = parity; n < 30; n += 2) {
        links.add("item ./i%03d/i%03d.json".formatted(n, n));
        write("%s/i%03d/i%03d.json".formatted(name, n, n), item(n));
      }
      ObjectNode collection = catalog("Collection", name, links.toArray(String[]::new));
      collection
          .putObject("extent")
          .putObject("spatial")
          .putArray("bbox")
          .addArray()
          .add(parity == 0 ? 0 : 1)
          .add(0)
          .add(30)
          .add(1);
      write(name + "/collection.json", collection);
    }
  }

  @Test
  void linksOfALocalCatalogAreFollowed() throws IOException {
    writeCatalog();
    ListingStats stats = list("catalog.json");
    assertThat(found).hasSize(30);
    assertThat(stats.skipped()).isEmpty();
    assertThat(found.keySet()).contains("even/i002/i002.json", "odd/i003/i003.json");
    assertThat(found.values()).allMatch(FoundItem::isObject);
    assertThat(source).isEqualTo(directory.toString());
    // The order is that of the links.
    List<String> order = ids();
    list("catalog.json");
    assertThat(ids()).isEqualTo(order);
    list("odd/collection.json");
    assertThat(found.keySet()).hasSize(15).contains("i003/i003.json");
  }

  @Test
  void filtersAreAppliedHere() throws IOException {
    writeCatalog();
    String root = directory.resolve("catalog.json").toString();
    ListingStats stats =
        list(
            root,
            ItemQuery.builder()
                .collection(Optional.of("odd"))
                .area(Optional.of(AreaOfInterest.ofBox(0, 0, 20.2, 1)))
                .datetime(Optional.of(DatetimeRange.parse("2023-01/2023-06")))
                .conditions(List.of(PropertyCondition.parse("eo:cloud_cover<17"))));
    assertThat(ids()).containsExactlyInAnyOrder("i001", "i003", "i005", "i013", "i015");
    assertThat(stats.skipped())
        .containsEntry("outside the period", 3L)
        .containsEntry("excluded by --query eo:cloud_cover<17", 7L);
    assertThat(stats.total()).isEqualTo(15);
    assertThat(list(root, ItemQuery.builder().limit(OptionalLong.of(4))).kept()).isEqualTo(4);
    stats = list(root, ItemQuery.builder().conditions(List.of(PropertyCondition.parse("gsd=10"))));
    assertThat(stats.skipped()).containsEntry("without a value of gsd to compare in --query", 30L);
  }

  @Test
  void itemsOfFilesAndStaticCatalogsAreSorted() throws Exception {
    writeCatalog();
    List<ObjectNode> items = items(12);
    for (int i = 0; i < items.size(); i++) {
      ObjectNode properties = (ObjectNode) items.get(i).path("properties");
      // The numbers have two digits, so that an order of texts differs; two have no value.
      properties.put("rank", (i * 7) % 12);
      if (i > 9) {
        properties.remove("rank");
      }
    }
    ObjectNode all = JsonMapper.shared().createObjectNode().put("type", "FeatureCollection");
    all.putArray("features").addAll(items);
    write("sorted.json", all);
    String file = directory.resolve("sorted.json").toString();
    list(file, ItemQuery.builder().sort(List.of(SortField.parse("rank"), SortField.parse("-id"))));
    List<String> ascending = idsInOrder();
    assertThat(ranks(ascending, items)).isEqualTo("0 1 2 3 4 6 7 8 9 11 - -");
    assertThat(ascending.get(10)).isGreaterThan(ascending.get(11));
    ListingStats stats =
        list(
            file,
            ItemQuery.builder().sort(List.of(SortField.parse("-rank"))).limit(OptionalLong.of(3)));
    assertThat(ranks(idsInOrder(), items)).isEqualTo("11 9 8");
    assertThat(stats.kept()).isEqualTo(3);
    assertThat(stats.skipped()).containsEntry("beyond --limit", 9L);
    list(
        directory.resolve("catalog.json").toString(),
        ItemQuery.builder().sort(List.of(SortField.parse("-id"))).limit(OptionalLong.of(4)));
    assertThat(idsInOrder()).hasSize(4).isSortedAccordingTo(Comparator.reverseOrder());
  }

  private List<String> idsInOrder() {
    return inOrder.stream().map(item -> item.json().path("id").asString("")).toList();
  }

  private static String ranks(List<String> ids, List<ObjectNode> items) {
    return ids.stream()
        .map(
            id ->
                items.stream()
                    .filter(item -> item.path("id").asString("").equals(id))
                    .map(item -> item.path("properties").path("rank"))
                    .map(rank -> rank.isNumber() ? rank.toString() : "-")
                    .findFirst()
                    .orElseThrow())
        .collect(Collectors.joining(" "));
  }

  @Test
  void aCatalogOnAWebServerIsFetchedOncePerDocument() throws IOException {
    writeCatalog();
    try (RangeServer server = RangeServer.start();
        RangeServer other = RangeServer.start()) {
      server.upload(directory);
      other.put("i900.json", item(900).toString().getBytes(StandardCharsets.UTF_8));
      server.put(
          "top.json",
          catalog(
                  "Catalog",
                  "top",
                  "child " + server.uri() + "/catalog.json",
                  "child /even/collection.json",
                  "item http://127.0.0.1:" + other.port() + "/i900.json",
                  "child top.json",
                  "child missing.json")
              .toString()
              .getBytes(StandardCharsets.UTF_8));
      String top = server.uri() + "/top.json";
      ListingStats stats = list(top, ItemQuery.builder());
      assertThat(found).hasSize(30).containsKey(server.uri() + "/odd/i003/i003.json");
      assertThat(stats.skipped())
          .containsEntry("missing document", 1L)
          .containsEntry("on a web server that --allow-host does not name", 1L);
      assertThat(other.requests()).isEmpty();
      Map<String, Long> requests =
          server.requests().stream()
              .collect(Collectors.groupingBy(RangeServer.Request::path, Collectors.counting()));
      requests.remove("/missing.json");
      assertThat(requests).hasSize(34).values().containsOnly(1L);
      assertThat(source).isEqualTo(server.uri().toString());
      list(top, ItemQuery.builder(), "127.0.0.1");
      assertThat(found).hasSize(31).containsKey("http://127.0.0.1:" + other.port() + "/i900.json");
      // A collection outside the area costs one request.
      server.requests().clear();
      list(
          server.uri() + "/catalog.json",
          ItemQuery.builder().area(Optional.of(AreaOfInterest.ofBox(40, 0, 50, 1))));
      assertThat(server.requests()).hasSize(3);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///etc/hostname",
        "/etc/hostname",
        "../../secret.json",
        "%2e%2e/secret.json"
      })
  void noLinkLeadsToLocalFiles(String href) throws IOException {
    write("secret.json", item(1));
    ObjectNode root = catalog("Catalog", "c", "item " + href, "item ok.json");
    write("c/d/catalog.json", root);
    write("c/d/ok.json", item(2));
    list("c/d/catalog.json");
    assertThat(ids()).containsExactly("i002");
    try (RangeServer server = RangeServer.start()) {
      server.put("c/d/catalog.json", root.toString().getBytes(StandardCharsets.UTF_8));
      server.put("c/d/ok.json", item(2).toString().getBytes(StandardCharsets.UTF_8));
      list(server.uri() + "/c/d/catalog.json", ItemQuery.builder());
      assertThat(ids()).containsExactly("i002");
    }
  }

  @Test
  void loopsDepthAndDamagedDocumentsEndNothing() throws IOException {
    for (int i = 0; i < 80; i++) {
      write(
          "d%d.json".formatted(i), catalog("Catalog", "d" + i, "child d%d.json".formatted(i + 1)));
    }
    write("bad.json", "{\"type\":");
    write("other.json", "[1]");
    write("i.json", item(5));
    write(
        "root.json",
        catalog(
            "Catalog",
            "r",
            "child root.json",
            "child d0.json",
            "child bad.json",
            "child other.json",
            "item i.json",
            "item i.json",
            "item ftp://x.example/i.json"));
    ListingStats stats = list("root.json");
    assertThat(ids()).containsExactly("i005");
    assertThat(stats.skipped())
        .containsEntry("deeper than 64 levels", 1L)
        .containsEntry("not JSON", 1L)
        .containsEntry("not a STAC document", 1L)
        .containsEntry("link that cannot be followed", 1L);
  }

  private static String collection(List<ObjectNode> items) {
    ObjectNode all = JsonMapper.shared().createObjectNode().put("numberMatched", items.size());
    all.putArray("features").addAll(items);
    return all.put("type", "FeatureCollection").toString();
  }

  private static String lines(List<ObjectNode> items) {
    return items.stream().map(JsonNode::toString).collect(Collectors.joining("\n", "", "\n"));
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  void featureCollectionsAndLinesAreRead() throws IOException {
    write("all.json", collection(items(30)));
    write("all.ndjson", "\uFEFF# export\n" + lines(items(30)) + "{damaged\n");
    Files.write(directory.resolve("all.ndjson.gz"), gzip(lines(items(30))));
    write(
        "seq.txt", items(30).stream().map(i -> "\u001e" + i + "\n").collect(Collectors.joining()));
    for (String name : List.of("all.json", "all.ndjson", "all.ndjson.gz", "seq.txt")) {
      ListingStats stats = list(name);
      assertThat(ids()).as(name).hasSize(30).startsWith("i000", "i001").isSorted();
      assertThat(found.keySet()).contains("even/i002.json", "odd/i003.json");
      assertThat(stats.skipped().values().stream().mapToLong(Long::longValue).sum())
          .isEqualTo(name.equals("all.ndjson") ? 1 : 0);
      // A relative href is relative to the file, and an item to its key.
      JsonNode assets = found.get("even/i002.json").json().path("assets");
      assertThat(assets.path("red").path("href").asString("")).isEqualTo("../red-2.tif");
      assertThat(assets.path("nir").path("href").asString("")).isEqualTo("s3://b/nir-2.tif");
      assertThat(source).isEqualTo(directory.toString());
    }
    try (RangeServer server = RangeServer.start()) {
      server.put("x/items", collection(items(3)).getBytes(StandardCharsets.UTF_8));
      list(server.uri() + "/x/items", ItemQuery.builder());
      assertThat(found.get("odd/i001.json").json().path("assets").path("red").path("href"))
          .hasToString("\"" + server.uri() + "/x/red-1.tif\"");
      assertThat(server.requests()).hasSize(1);
    }
  }

  @Test
  void itemsAreNamedByTheirLocationOrCollectionAndId() throws IOException {
    ObjectNode self = item(1);
    self.putArray("links").addObject().put("rel", "self").put("href", "https://h.example/i.json");
    ObjectNode slash = item(2).put("id", "a/b c%\n").put("collection", "..");
    ObjectNode again = item(3).put("id", "i002").put("collection", "even");
    ObjectNode nameless = item(4);
    nameless.remove("id");
    write("all.json", collection(List.of(self, slash, item(2), item(2), again, nameless)));
    ListingStats stats = list("all.json");
    assertThat(found.keySet())
        .containsExactly(
            "https://h.example/i.json", "%2E%2E/a%2Fb%20c%25%0A.json", "even/i002.json");
    assertThat(stats.skipped())
        .containsEntry("listed twice", 1L)
        .containsEntry("has the collection and id of another item", 1L)
        .containsEntry("not a STAC item", 1L);
  }

  /** Writes stac-geoparquet with DuckDB, whose structs are inferred from the items. */
  private Path parquet(List<ObjectNode> items, String columns, String options) throws Exception {
    write("items.ndjson", lines(items));
    Path file = directory.resolve("items.parquet");
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = duckdb.createStatement()) {
      sql.execute(
          "COPY (SELECT %s FROM read_json('%s')) TO '%s' (FORMAT parquet%s)"
              .formatted(columns, directory.resolve("items.ndjson"), file, options));
    }
    return file;
  }

  private static final String COLUMNS =
      "stac_version, id, collection, unnest(properties), assets, links,"
          + " {'xmin': bbox[1], 'ymin': bbox[2], 'xmax': bbox[3], 'ymax': bbox[4]} AS bbox";

  @ParameterizedTest
  @CsvSource({"zstd, V2", "snappy, V1", "gzip, V1"})
  void rowsOfStacGeoparquetAreTheItems(String codec, String version) throws Exception {
    Path file =
        parquet(
            items(30), COLUMNS, ", COMPRESSION %s, PARQUET_VERSION %s".formatted(codec, version));
    list(file.toString(), ItemQuery.builder());
    assertThat(ids()).hasSize(30);
    for (int n = 0; n < 30; n++) {
      ObjectNode expected = item(n);
      expected
          .withObjectProperty("assets")
          .withObjectProperty("red")
          .put("href", "../red-" + n + ".tif");
      String key = "%s/i%03d.json".formatted(n % 2 == 0 ? "even" : "odd", n);
      JsonNode read = found.get(key).json();
      assertThat(StacItem.parse(key, read.toString().getBytes(StandardCharsets.UTF_8)))
          .isEqualTo(StacItem.parse(key, expected.toString().getBytes(StandardCharsets.UTF_8)));
      assertThat(read.path("bbox")).hasToString(expected.path("bbox").toString());
      assertThat(read.path("properties").path("eo:cloud_cover").asDouble()).isEqualTo(n + 0.5);
    }
    // Lists as boxes, properties in one column, and assets as text, as other writers have them.
    Path other =
        parquet(items(4), "id, collection, properties, bbox, to_json(assets) AS assets", "");
    list(
        other.toString(),
        ItemQuery.builder().area(Optional.of(AreaOfInterest.ofBox(2, 0, 2.2, 1))));
    assertThat(ids()).containsExactly("i002");
    assertThat(found.get("even/i002.json").json().path("assets").path("nir").path("href"))
        .hasToString("\"s3://b/nir-2.tif\"");
  }

  @Test
  void geometriesOfStacGeoparquetAreCompared() throws Exception {
    List<ObjectNode> triangles = new ArrayList<>();
    for (int n = 0; n < 3; n++) {
      Geometry shape = new WKTReader().read("POLYGON((0 0, 10 0, 0 10, 0 0))");
      if (n == 1) {
        shape =
            new WKTReader().read("MULTIPOLYGON(((0 0, 1 0, 0 1, 0 0)), ((9 9, 10 9, 9 10, 9 9)))");
      }
      ObjectNode item = item(n);
      item.putArray("bbox").add(0.0).add(0.0).add(10.0).add(10.0);
      item.put("wkb", n == 2 ? "00" : WKBWriter.toHex(new WKBWriter().write(shape)));
      triangles.add(item);
    }
    Path file = parquet(triangles, COLUMNS + ", unhex(wkb) AS geometry", "");
    // The corner is in the box of all, but outside the first; the last is damaged, so it is kept.
    list(
        file.toString(),
        ItemQuery.builder().area(Optional.of(AreaOfInterest.ofBox(9.2, 9.2, 9.3, 9.3))));
    assertThat(ids()).containsExactly("i001", "i002");
    assertThat(found.get("odd/i001.json").json().path("geometry").path("type").asString(""))
        .isEqualTo("MultiPolygon");
  }

  @Test
  void aListHasLocationsOrItems() throws IOException {
    writeCatalog();
    for (ListedItems.Form form : ListedItems.Form.values()) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      SceneListFile file = SceneListFile.to(bytes);
      ItemQuery query = ItemQuery.builder().limit(OptionalLong.of(2)).build();
      ListedItems items = new ListedItems(file, query, form);
      Catalog.open(
              "--stac",
              directory.resolve("even/collection.json").toString(),
              StoreOptions.standard(),
              SourceRules.standard())
          .list(query, items);
      items.finish();
      file.commit();
      List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
      if (form == ListedItems.Form.ITEM) {
        assertThat(lines.get(0))
            .startsWith("{\"kiln:item\":1,\"kiln:key\":\"i000/i000.json\",\"type\":\"Feature\"");
      } else {
        assertThat(lines).containsExactly("i000/i000.json", "i002/i002.json");
        assertThat(items.hasRelativeKeys()).isTrue();
      }
      assertThat(items.bucket()).isEmpty();
    }
    assertThatThrownBy(() -> ListedItems.Form.parse("both"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--list: expected auto, href or item, found 'both'");
  }

  @Test
  void rowGroupsOutsideTheAreaAndPeriodAreNotRead() throws Exception {
    // DuckDB's smallest row groups have 2,048 rows.
    List<ObjectNode> many = new ArrayList<>();
    for (int n = 0; n < 6144; n++) {
      ObjectNode item = item(n / 2048 * 10);
      item.put("id", "m" + n);
      many.add(item);
    }
    Path file = parquet(many, COLUMNS, ", ROW_GROUP_SIZE 2048");
    try (RangeServer server = RangeServer.start()) {
      server.put("items.parquet", Files.readAllBytes(file));
      ListingStats stats =
          list(
              server.uri() + "/items.parquet",
              ItemQuery.builder().area(Optional.of(AreaOfInterest.ofBox(9.9, 0, 10.1, 1))));
      assertThat(found)
          .hasSize(2048)
          .containsKey("even/m2048.json")
          .doesNotContainKey("even/m0.json");
      assertThat(stats.skipped()).containsEntry("outside the area", 4096L);
      assertThat(server.requests()).hasSizeLessThanOrEqualTo(4);
      list(
          server.uri() + "/items.parquet",
          ItemQuery.builder().datetime(Optional.of(DatetimeRange.parse("2023-09"))));
      assertThat(new TreeSet<>(ids())).hasSize(2048).contains("m4096");
      list(server.uri() + "/items.parquet", ItemQuery.builder().limit(OptionalLong.of(3)));
      assertThat(ids()).containsExactly("m0", "m1", "m2");
    }
  }

  @Test
  void filesOfADirectoryAreReadInTheOrderOfTheirNames() throws Exception {
    for (int i = 0; i < 3; i++) {
      Path file = parquet(items(30).subList(10 * i, 10 * i + 10), COLUMNS, "");
      Path part = directory.resolve("all.parquet/year=%d/part.parquet".formatted(2022 - i));
      Files.createDirectories(part.getParent());
      Files.move(file, part);
    }
    write("all.parquet/_metadata/x.parquet", "ignored");
    ListingStats stats = list("all.parquet");
    assertThat(ids()).hasSize(30).startsWith("i020").endsWith("i009");
    assertThat(stats.skipped()).isEmpty();
    assertThat(found.get("even/i002.json").json().path("assets").path("red").path("href"))
        .hasToString("\"../year=2022/red-2.tif\"");
    assertThat(source).isEqualTo(directory.resolve("all.parquet").toString());
    write("all.parquet/year=2021/z.parquet", "PAR1 is not at the end");
    assertThatThrownBy(() -> list("all.parquet"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("all.parquet/year=2021/z.parquet: cannot read the footer");
  }

  @Test
  void damagedFilesAreReported() throws Exception {
    Path file = parquet(items(30), COLUMNS, "");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 100));
    assertThatThrownBy(() -> list("items.parquet"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("cannot read the footer: expected PAR1 at the end");
    parquet(items(3), "id, bbox", "");
    assertThatThrownBy(() -> list("items.parquet"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(
            "expected stac-geoparquet with columns id and assets, found id, bbox");
    write("cut.json", collection(items(3)).substring(0, 900));
    assertThatThrownBy(() -> list("cut.json"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("damaged JSON");
    write("large.json", "{\"features\":[{\"id\":\"" + "x".repeat(17 << 20) + "\"}]}");
    assertThatThrownBy(() -> list("large.json"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected items of at most 16,777,216 bytes, found a larger one");
  }

  @Test
  void whatIsNoCatalogIsNamed() throws IOException {
    write("item.json", item(1));
    write("plain.json", "{\"a\":1}");
    write("text.txt", "a list of scenes");
    write("page.html", "<!DOCTYPE html><html></html>");
    write("empty.json", catalog("Catalog", "none"));
    Map<String, String> expected = new LinkedHashMap<>();
    expected.put("item.json", "the STAC item 'i001': embed one item with kiln embed PLATFORM ITEM");
    expected.put("plain.json", "a JSON object without a STAC type");
    expected.put("text.txt", "a file of another format");
    expected.put("page.html", "a web page (HTML)");
    expected.put("empty.json", "the STAC catalogue 'none' without item search");
    expected.put("", "a directory without Parquet files: name a document such as its catalog.json");
    for (Map.Entry<String, String> one : expected.entrySet()) {
      assertThatThrownBy(() -> list(one.getKey()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("expected a STAC API, a static catalogue or a file of items, found")
          .hasMessageContaining(one.getValue());
    }
    assertThatThrownBy(() -> list("nothing.json"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageEndingWith("nothing.json: no such file");
  }

  @Test
  void wrongUrlsOfAnApiAreNamed() throws IOException {
    try (RangeServer server = RangeServer.start()) {
      String root = server.uri() + "/stac";
      ObjectNode collection = catalog("Collection", "c", "items " + root + "/collections/c/items");
      collection.withArrayProperty("links").addObject().put("rel", "root").put("href", root);
      ObjectNode page = JsonMapper.shared().createObjectNode().put("type", "FeatureCollection");
      page.putArray("features").add(item(1));
      page.putArray("links").addObject().put("rel", "next").put("href", root + "/next");
      ObjectNode landing = catalog("Catalog", "core", "data " + root + "/collections");
      landing.putArray("conformsTo").add("https://api.stacspec.org/v1.0.0/core");
      Map<String, Object> content =
          Map.of(
              "stac/collections/c",
              collection,
              "stac/collections/c/items",
              page,
              "stac/collections/c/items/i001",
              item(1),
              "stac",
              landing,
              "page",
              "<html><body>Browser</body></html>",
              "json",
              "{\"message\":\"hello\"}");
      content.forEach(
          (path, body) -> server.put(path, body.toString().getBytes(StandardCharsets.UTF_8)));
      Map<String, String> expected = new LinkedHashMap<>();
      expected.put(
          "/stac/collections/c",
          "found the STAC collection 'c' of an API: give the API's landing page, %s, and --collection c"
              .formatted(root));
      expected.put("/stac/collections/c/items", "found one page of an API's items");
      expected.put("/stac/collections/c/items/i001", "found the STAC item 'i001'");
      expected.put("/stac", "found the STAC catalogue 'core' without item search");
      expected.put("/page", "found a web page (HTML)");
      expected.put("/json", "found a JSON object without a STAC type");
      expected.put("/nothing", "found status 404 for it and for its /search: correct the URL");
      for (Map.Entry<String, String> one : expected.entrySet()) {
        assertThatThrownBy(() -> list(server.uri() + one.getKey(), ItemQuery.builder()))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageContaining("--stac " + server.uri() + one.getKey())
            .hasMessageContaining(one.getValue());
      }
      server.allow(request -> false);
      assertThatThrownBy(() -> list(root, ItemQuery.builder()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining(
              "found status 401 (credentials: SOURCE_BEARER_TOKEN, SOURCE_HEADER or .netrc):"
                  + " <html>");
    }
  }
}
