package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.run.StacScene;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.RangeServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** From a STAC API to vectors of an area, in one command. */
@Timeout(120)
class StacEmbedTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  /** A square of 100 m in the middle of chip (1, 1) of the scenes. */
  private static final String AREA =
      """
      {"type": "Polygon", "crs": {"type": "name", "properties": {"name": "EPSG:32614"}},
       "coordinates": [[[503800, 5196100], [503900, 5196100], [503900, 5196200], [503800, 5196200],
        [503800, 5196100]]]}
      """;

  /** Stands for the server's URL in items. */
  private static final String SERVER = "http://server";

  @TempDir static Path shared;
  private static final Map<String, ObjectNode> ITEMS = new LinkedHashMap<>();

  @TempDir Path directory;

  /** Of this test only, so that no request of another one is counted. */
  private RangeServer server;

  private final StringWriter errors = new StringWriter();

  @BeforeAll
  static void archive() throws IOException {
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("sentinel-2-l2a")), List.of(256), false, false),
        shared.resolve("model"));
    // The whole scene is cloudy in "march-b", except for the area.
    scene("march-a", "2024-03-05", 10, (x, y) -> x >= 128 && y >= 128 ? 9 : 4);
    scene("march-b", "2024-03-15", 90, (x, y) -> x >= 128 && y >= 128 ? 4 : 9);
    scene("april-a", "2024-04-05", 1, (x, y) -> 4);
    scene("april-b", "2024-04-15", 2, (x, y) -> 4);
    scene("may", "2024-05-05", 0, (x, y) -> 4);
    scene("june", "2024-06-05", 0, (x, y) -> 4);
    ObjectNode assets = (ObjectNode) ITEMS.get("june").get("assets");
    assets.set("blau", assets.remove("blue"));
  }

  @BeforeEach
  void start() throws IOException {
    server = RangeServer.start();
    server.upload(shared.resolve("site"));
    String uri = server.uri().toString();
    server.post(
        "v1/search", body -> search(body).replace(SERVER, uri).getBytes(StandardCharsets.UTF_8));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private interface Classes {
    int at(int x, int y);
  }

  private static void scene(String id, String day, int cloud, Classes scl) throws IOException {
    StacScene scene = StacScene.sentinel2(id);
    scene.files.get("scl").pixels((b, x, y) -> scl.at(x, y));
    scene
        .properties()
        .put("datetime", day + "T10:30:00Z")
        .put("eo:cloud_cover", cloud)
        .put("grid:code", "MGRS-14TNT");
    for (Map.Entry<String, GeoTiffs> file : scene.files.entrySet()) {
      String path = "data/" + id + "/" + file.getKey() + ".tif";
      file.getValue()
          .option("BLOCKXSIZE=256")
          .option("BLOCKYSIZE=256")
          .write(shared.resolve("site").resolve(path));
      scene.asset(file.getKey()).put("href", SERVER + "/" + path);
    }
    scene
        .item
        .putArray("links")
        .addObject()
        .put("rel", "self")
        .put("href", SERVER + "/v1/collections/sentinel-2-l2a/items/" + id);
    ITEMS.put(id, scene.item);
  }

  /** Answers a search by collection and period, as an API does. */
  private static String search(byte[] body) {
    JsonNode query = JsonMapper.shared().readTree(body);
    String[] period = query.path("datetime").asString("").split("/");
    ObjectNode page = JsonMapper.shared().createObjectNode();
    page.put("type", "FeatureCollection");
    ArrayNode features = page.putArray("features");
    for (ObjectNode item : ITEMS.values()) {
      String time = item.path("properties").path("datetime").asString("");
      boolean wanted =
          query.path("collections").path(0).asString("").equals("sentinel-2-l2a")
              && query.path("intersects").path("type").asString("").equals("Polygon")
              && period[0].compareTo(time) <= 0
              && time.compareTo(period[1]) <= 0;
      if (wanted) {
        features.add(item);
      }
    }
    return page.toString();
  }

  private int embed(String... more) throws IOException {
    Path area = Files.writeString(directory.resolve("area.json"), AREA);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "embed",
                "sentinel-2-l2a",
                "--stac=" + server.uri() + "/v1",
                "--collection=sentinel-2-l2a",
                "--aoi=" + area,
                "--datetime=2024-03/2024-04",
                "--model=" + shared.resolve("model"),
                "--out=" + directory.resolve("out"),
                "--progress=none"));
    for (String argument : more) {
      String name = argument.replaceFirst("=.*", "=");
      arguments.removeIf(a -> argument.contains("=") && a.startsWith(name));
      arguments.add(argument);
    }
    return Kiln.commandLine(Map.of(), List.of(EmbedCommand.class))
        .setErr(new PrintWriter(errors, true))
        .execute(arguments.toArray(String[]::new));
  }

  private List<String> embedded() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("out"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".parquet"))
          .map(name -> name.replace(".parquet", ""))
          .sorted()
          .toList();
    }
  }

  /** Requests whose path contains a text. */
  private long requests(String text) {
    return server.requests().stream().filter(r -> r.path().contains(text)).count();
  }

  @Test
  void oneCommandEmbedsTheAreaOfEveryScene() throws IOException {
    long before = server.bytesSent();
    assertThat(embed()).as(errors.toString()).isEqualTo(ExitCode.DONE.code());
    // The area is cloudy in the fourth, whose file has no rows.
    assertThat(embedded()).containsExactly("april-a", "april-b", "march-a", "march-b");
    assertThat(requests("/v1/search")).isEqualTo(1);
    assertThat(requests("/items/")).as("items are known from the search").isZero();
    assertThat(requests("/data/may/")).isZero();
    assertThat(requests("/data/march-a/")).as("only the mask").isEqualTo(requests("march-a/scl"));
    long archive = 0;
    try (Stream<Path> files = Files.walk(shared.resolve("site/data"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        archive += file.toString().contains("/may/") ? 0 : Files.size(file);
      }
    }
    // One chip of four, in three scenes of four, and what is read ahead of every file.
    assertThat(server.bytesSent() - before).isLessThan(archive * 3 / 4);
  }

  @Test
  void bestSceneOfAMonthHasTheLeastCloudOverTheArea() throws IOException {
    assertThat(embed("--best=1")).as(errors.toString()).isEqualTo(ExitCode.DONE.code());
    assertThat(embedded()).containsExactly("april-a", "march-b");
    // April's first candidate is clear, so its second is not looked at.
    assertThat(requests("/data/april-b/")).isZero();
    assertThat(requests("/data/march-a/red")).isZero();
    assertThat(requests("/data/march-b/red")).isPositive();
  }

  @Test
  void maskThatCannotBeReadAtTheMomentEndsTheChoice() throws IOException {
    server.allow(request -> !request.path().contains("march-b/scl"), 503);
    assertThat(embed("--best=1", "--request-attempts=1")).isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(errors.toString())
        .contains("cannot choose scenes for --best", "the server responded 503");
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void bandAliasesApplyToTheChoice() throws IOException {
    Path aliases =
        Files.writeString(
            directory.resolve("aliases.yaml"),
            "- platform: sentinel-2-l2a\n  bands:\n    blue: [blau]\n");
    assertThat(embed("--best=1", "--datetime=2024-06", "--band-aliases=" + aliases))
        .as(errors.toString())
        .isEqualTo(ExitCode.DONE.code());
    assertThat(embedded()).containsExactly("june");
  }

  @Test
  void bestSceneOfASeason() throws IOException {
    assertThat(embed("--best=1", "--best-per=season", "--datetime=2024-01/2024-05"))
        .isEqualTo(ExitCode.DONE.code());
    // May is spring, too, and has the least cloud according to the catalogue.
    assertThat(embedded()).containsExactly("may");
    assertThat(requests("/scl")).isEqualTo(requests("/data/may/scl"));
  }

  @Test
  void resultIsTheSameAgain() throws IOException {
    assertThat(embed("--best=1")).isEqualTo(ExitCode.DONE.code());
    long requests = requests("red.tif");
    assertThat(embed("--best=1")).isEqualTo(ExitCode.DONE.code());
    assertThat(requests("red.tif")).as("finished scenes are not read again").isEqualTo(requests);
  }

  @Test
  void searchWithoutItemsOrWithoutAnArea() throws IOException {
    assertThat(embed("--datetime=2019")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(errors.toString())
        .contains("expected items of collection sentinel-2-l2a in the area and period, found none");
    assertThat(embed("--datetime=soon")).isEqualTo(ExitCode.USAGE.code());
    assertThat(embed("--best=0")).isEqualTo(ExitCode.USAGE.code());
    assertThat(embed("--scenes=list.txt")).isEqualTo(ExitCode.USAGE.code());
    assertThat(errors.toString()).contains("--stac cannot be combined with");
  }
}
