package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.run.StacScene;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.RangeServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** From every kind of catalogue to vectors, in one command and through a list. */
@Timeout(120)
class CatalogEmbedTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir static Path shared;

  /** The vectors of the clear scene, as embedded from an item that is a file. */
  private static float[] expected;

  @TempDir Path folder;
  private final StringWriter output = new StringWriter();

  /** Of this test only, so that no request of another one is counted. */
  private RangeServer server;

  @BeforeAll
  static void archive() throws Exception {
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("sentinel-2-l2a")), List.of(256), false, false),
        shared.resolve("model"));
    List<ObjectNode> items = new ArrayList<>();
    for (String id : List.of("clear", "cloudy")) {
      StacScene scene = StacScene.sentinel2(id);
      scene.properties().put("eo:cloud_cover", id.equals("clear") ? 2.5 : 80);
      Path directory = Files.createDirectories(shared.resolve("site/" + id));
      for (Map.Entry<String, GeoTiffs> file : scene.files.entrySet()) {
        // The tree of the catalogue and a flat directory have the same files.
        String name = file.getKey() + ".tif";
        file.getValue().write(directory.resolve(name));
        scene.asset(file.getKey()).put("href", name);
      }
      Files.writeString(directory.resolve(id + ".json"), scene.item.toString());
      scene.files.keySet().forEach(b -> scene.asset(b).put("href", id + "/" + b + ".tif"));
      items.add(scene.item);
    }
    ObjectNode catalog = JsonMapper.shared().createObjectNode().put("type", "Catalog");
    ArrayNode links = catalog.put("stac_version", "1.0.0").put("id", "site").putArray("links");
    links.addObject().put("rel", "item").put("href", "./clear/clear.json");
    links.addObject().put("rel", "item").put("href", "./cloudy/cloudy.json");
    write("catalog.json", catalog.toString());
    ObjectNode all = JsonMapper.shared().createObjectNode().put("type", "FeatureCollection");
    all.putArray("features").addAll(items);
    write("items.json", all.toString());
    write("items.ndjson", items.get(0) + "\n" + items.get(1) + "\n");
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = duckdb.createStatement()) {
      sql.execute(
          "COPY (SELECT id, collection, unnest(properties), assets, geometry, 'x' AS extra FROM"
              + " read_json('%1$s.ndjson')) TO '%1$s.parquet' (FORMAT parquet)"
                  .formatted(shared.resolve("site/items")));
    }
    Path out = shared.resolve("reference");
    assertThat(
            new CatalogEmbedTest()
                .run(
                    "embed",
                    "sentinel-2-l2a",
                    shared.resolve("site/clear/clear.json").toString(),
                    "--model=" + shared.resolve("model"),
                    "--out=" + out,
                    "--progress=none"))
        .isZero();
    expected = EmbeddingFile.open(out.resolve("clear.parquet")).vectors(0).values();
    assertThat(expected).hasSizeGreaterThan(4);
  }

  private static void write(String name, String content) throws IOException {
    Files.writeString(shared.resolve("site").resolve(name), content);
  }

  @BeforeEach
  void start() throws IOException {
    server = RangeServer.start();
    server.upload(shared.resolve("site"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private int run(String... arguments) {
    return Kiln.commandLine(Map.of(), List.of(EmbedCommand.class, ManifestCommand.class))
        .setOut(new PrintWriter(output, true))
        .setErr(new PrintWriter(output, true))
        .execute(arguments);
  }

  private int embed(String... more) {
    return run(
        Stream.concat(
                Stream.of(
                    "embed",
                    "sentinel-2-l2a",
                    "--model=" + shared.resolve("model"),
                    "--out=" + folder.resolve("out"),
                    "--progress=none"),
                Arrays.stream(more))
            .toArray(String[]::new));
  }

  /** The only file of the output has the same vectors as the scene that is a file. */
  private void assertEmbedded(String name) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder.resolve("out"))) {
      files = all.filter(file -> file.toString().endsWith(".parquet")).toList();
    }
    assertThat(files).containsExactly(folder.resolve("out").resolve(name));
    assertThat(EmbeddingFile.open(files.get(0)).vectors(0).values()).isEqualTo(expected);
  }

  private long requests(String path) {
    return server.requests().stream().filter(r -> r.path().equals(path)).count();
  }

  @ParameterizedTest
  @CsvSource({"catalog.json, clear/clear.parquet", "items.ndjson, sentinel-2-l2a/clear.parquet"})
  void localCatalogsAreEmbeddedInOneCommand(String catalog, String file) throws IOException {
    assertThat(
            embed("--stac=" + shared.resolve("site").resolve(catalog), "--query=eo:cloud_cover<10"))
        .as(output.toString())
        .isEqualTo(ExitCode.DONE.code());
    assertEmbedded(file);
    assertThat(server.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "catalog.json, HOST/clear/clear.parquet, 3",
    "items.json, sentinel-2-l2a/clear.parquet, 1",
    "items.parquet, sentinel-2-l2a/clear.parquet, 1"
  })
  void catalogsOnAWebServerAreListedAndEmbedded(String catalog, String file, int documents)
      throws IOException {
    Path list = folder.resolve("scenes.txt.gz");
    String uri = server.uri() + "/" + catalog;
    assertThat(run("manifest", "stac", "--stac=" + uri, "--query=eo:cloud_cover<10", "-o" + list))
        .as(output.toString())
        .isZero();
    assertThat(output.toString())
        .contains("1 scene of 2 entries", "embed without --source, and with --allow-host localhost")
        .contains("1  excluded by --query eo:cloud_cover<10");
    assertThat(server.requests()).hasSize(documents);
    server.requests().clear();
    if (catalog.equals("catalog.json")) {
      // Without permission, nothing is read.
      assertThat(embed("--scenes=" + list)).isEqualTo(ExitCode.SCENES_FAILED.code());
      assertThat(server.requests()).isEmpty();
    }
    assertThat(embed("--scenes=" + list, "--allow-host=localhost"))
        .as(output.toString())
        .isEqualTo(ExitCode.DONE.code());
    assertEmbedded(file.replace("HOST", "localhost:" + server.port()));
    assertThat(requests("/clear/clear.json")).isEqualTo(catalog.startsWith("catalog") ? 1 : 0);
    assertThat(requests("/" + catalog)).isZero();
    assertThat(server.requests()).noneMatch(r -> r.path().contains("/cloudy/"));
  }

  @Test
  void itemsOfAnApiWithoutLocationAreListedThemselves() throws IOException {
    ObjectNode item =
        (ObjectNode)
            JsonMapper.shared().readTree(Files.readString(shared.resolve("site/clear/clear.json")));
    item.withObjectProperty("assets")
        .properties()
        .forEach(
            asset ->
                ((ObjectNode) asset.getValue())
                    .put("href", server.uri() + "/clear/" + asset.getKey() + ".tif"));
    ObjectNode page = JsonMapper.shared().createObjectNode().put("type", "FeatureCollection");
    page.putArray("features").add(item);
    server.post("api/search", body -> page.toString().getBytes(StandardCharsets.UTF_8));
    Path area =
        Files.writeString(
            folder.resolve("a.json"),
            "{\"type\":\"Polygon\",\"coordinates\":[[[-99,46],[-98,46],[-98,47],[-99,47],[-99,46]]]}");
    Path list = folder.resolve("scenes.txt");
    assertThat(
            run(
                "manifest",
                "stac",
                "--api=" + server.uri() + "/api",
                "--collection=sentinel-2-l2a",
                "--aoi=" + area,
                "--datetime=2024",
                "-o" + list))
        .as(output.toString())
        .isZero();
    assertThat(list)
        .content()
        .startsWith("{\"kiln:item\":1,\"kiln:key\":\"sentinel-2-l2a/clear.json\"");
    // An item that is damaged fails alone.
    Files.writeString(list, Files.readString(list) + "{\"id\":\"bad\",\"assets\":{}}\n");
    assertThat(embed("--scenes=" + list, "--allow-host=localhost"))
        .isEqualTo(ExitCode.SCENES_FAILED.code());
    assertEmbedded("sentinel-2-l2a/clear.parquet");
    EmbeddingFile file = EmbeddingFile.open(folder.resolve("out/sentinel-2-l2a/clear.parquet"));
    assertThat(file.footer().get("uri"))
        .as("the item has no location, but its bands have")
        .isEqualTo(server.uri() + "/clear/blue.tif");
    // A key is relative to something.
    Files.writeString(list, "clear/clear.json\n");
    assertThat(embed("--scenes=" + list)).isEqualTo(ExitCode.USAGE.code());
    assertThat(output.toString())
        .contains(
            "expected --scenes and --source, found only one of them: the list has keys such as");
  }
}
