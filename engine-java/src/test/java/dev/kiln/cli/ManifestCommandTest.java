package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.kiln.error.ConfigurationException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(60)
class ManifestCommandTest {
  private static final String SCENE =
      "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif";
  private static final String ITEM =
      "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/S2A_20HNJ_20240311_0_L2A.json";
  private static final String AREA =
      "{\"type\":\"Polygon\",\"coordinates\":"
          + "[[[-63,-33],[-62,-33],[-62,-32],[-63,-32],[-63,-33]]]}";

  @TempDir Path directory;
  private final StringWriter printed = new StringWriter();
  private Path list;
  private Path aoi;
  private Throwable thrown;

  @BeforeEach
  void files() throws IOException {
    list = directory.resolve("scenes.txt.gz");
    aoi = Files.writeString(directory.resolve("area.geojson"), AREA);
  }

  private int run(Object... arguments) {
    thrown = null;
    CommandLine command =
        new CommandLine(new ManifestCommand())
            .setOut(new PrintWriter(printed))
            .setErr(new PrintWriter(printed))
            .setExecutionExceptionHandler(
                (exception, line, parsed) -> {
                  thrown = exception;
                  return 1;
                });
    return command.execute(List.of(arguments).stream().map(String::valueOf).toArray(String[]::new));
  }

  private String listed() throws IOException {
    try (GZIPInputStream gzip =
        new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(list)))) {
      return new String(gzip.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void listsNaipScenes() throws IOException {
    Path manifest =
        Files.writeString(
            directory.resolve("manifest.txt"),
            SCENE + "\n" + SCENE + ".aux.xml\n" + SCENE.replace("nd/2018", "ca/2016") + "\n");

    assertThat(run("naip", "--manifest", manifest, "--state", "nd", "-o", list)).isZero();

    assertThat(listed()).isEqualTo(SCENE + "\n");
    assertThat(printed.toString())
        .contains("1 scene of 3 entries", "1  other state", "1  not a scene: rgbir_cog, not .tif");
  }

  @Test
  void listsTheSampleArchivesScenes() throws IOException {
    Path manifest =
        Path.of(System.getProperty("kiln.shared"), "samples/naip-analytic/manifest.txt");
    assumeTrue(Files.exists(manifest), "no sample archive at " + manifest);

    assertThat(run("naip", "--manifest", manifest.toUri(), "--resolution", "100cm", "-o", list))
        .isZero();

    assertThat(listed().lines()).hasSize(4);
  }

  @Test
  void listsSentinel2ScenesOfALocalInventory() throws IOException {
    Path root = directory.resolve("mirror");
    Path snapshot = Files.createDirectories(root.resolve("sentinel-cogs/list/2024-10-03T01-00Z"));
    Files.writeString(
        snapshot.resolve("manifest.json"),
        """
        {"sourceBucket": "sentinel-cogs", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
         "files": [{"key": "sentinel-cogs/list/data/0.csv.gz"}]}\
        """);
    Path data = Files.createDirectories(root.resolve("sentinel-cogs/list/data"));
    try (OutputStream part =
        new GZIPOutputStream(Files.newOutputStream(data.resolve("0.csv.gz")))) {
      String rows =
          "\"b\",\""
              + ITEM
              + "\"\n\"b\",\"x.tif\"\n\"b\",\""
              + ITEM.replace("20HNJ", "33UUP").replace("20/H/NJ", "33/U/UP")
              + "\"\n";
      part.write(rows.getBytes(StandardCharsets.UTF_8));
    }

    assertThat(
            run(
                "sentinel-2",
                "--inventory",
                snapshot.getParent(),
                "--from",
                "2023",
                "--aoi",
                aoi,
                "-o",
                list))
        .isZero();

    assertThat(listed()).isEqualTo(ITEM + "\n");
    assertThat(printed.toString())
        .contains("s3://sentinel-cogs", "1 scene of 3 entries", "1  outside the area");
    byte[] first = Files.readAllBytes(list);
    run(
        "sentinel-2",
        "--inventory",
        snapshot.resolve("manifest.json"),
        "--from",
        "2023",
        "--tiles",
        "20HNJ",
        "-o",
        list);
    assertThat(list).hasBinaryContent(first);
  }

  @Test
  void notesAreNotPrintedIntoAListOnStandardOutput() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/search",
        exchange -> {
          byte[] page =
              "{\"features\":[{\"links\":[{\"rel\":\"self\",\"href\":\"https://h.example/i.json\"}]}]}"
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    server.start();
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    try {
      String api = "http://localhost:" + server.getAddress().getPort();
      CommandLine command =
          new CommandLine(new ManifestCommand())
              .setOut(new PrintWriter(out))
              .setErr(new PrintWriter(err));
      String[] arguments = {
        "stac",
        "--api",
        api,
        "--collection",
        "c",
        "--aoi",
        aoi.toString(),
        "--datetime",
        "2024",
        "-o",
        "-"
      };
      assertThat(command.execute(arguments)).isZero();
    } finally {
      server.stop(0);
    }
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).contains("1 scene of 1 entry", "the list has whole URIs");
  }

  @Test
  void listsItemsOfAnApi() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/search",
        exchange -> {
          byte[] page =
              ("{\"features\":[{\"links\":[{\"rel\":\"canonical\",\"href\":\"s3://b/"
                      + ITEM
                      + "\"}]}]}")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    server.start();
    try {
      String api = "http://localhost:" + server.getAddress().getPort();

      assertThat(
              run(
                  "stac",
                  "--api",
                  api,
                  "--collection",
                  "c",
                  "--aoi",
                  aoi,
                  "--datetime",
                  "2024",
                  "-o",
                  list))
          .isZero();
    } finally {
      server.stop(0);
    }
    assertThat(listed()).isEqualTo(ITEM + "\n");
    assertThat(printed.toString()).contains("1 scene of 1 entry", "s3://b");
  }

  @Test
  void namesTheFileThatIsMissing() {
    run("naip", "--manifest", directory.resolve("none.txt"), "-o", list);
    assertFault("--manifest " + directory.resolve("none.txt") + ": no such file");
    run("sentinel-2", "--inventory", directory.resolve("manifest.json"), "-o", list);
    assertFault("manifest.json not found");
    run("sentinel-2", "--inventory", directory.resolve("none"), "-o", list);
    assertFault("expected a manifest.json, or a ");
    assertThat(directory).isDirectoryNotContaining("glob:**scenes*");
  }

  @Test
  void writesOnlyToLocalFiles() throws IOException {
    Path manifest = Files.writeString(directory.resolve("manifest.txt"), SCENE);
    run("naip", "--manifest", manifest, "-o", "s3://bucket/scenes.txt");
    assertFault("--out s3://bucket/scenes.txt: expected a local file");
  }

  @Test
  void leavesNoListBehindAManifestThatBreaks() throws IOException {
    Path manifest =
        Files.write(
            directory.resolve("manifest.txt"),
            (SCENE + "\n\u00ff\n").getBytes(StandardCharsets.ISO_8859_1));
    run("naip", "--manifest", manifest, "-o", list);
    assertFault("expected UTF-8 text");
    assertThat(directory).isDirectoryNotContaining("glob:**scenes*");
  }

  private void assertFault(String message) {
    assertThat(thrown).isInstanceOf(ConfigurationException.class).hasMessageContaining(message);
  }

  @Test
  void writesTheListToStandardOutput() throws IOException {
    Path manifest = Files.writeString(directory.resolve("manifest.txt"), SCENE + "\nother.txt\n");
    PrintStream before = System.out;
    ByteArrayOutputStream standardOutput = new ByteArrayOutputStream();
    System.setOut(new PrintStream(standardOutput));
    try {
      assertThat(run("naip", "--manifest", manifest, "-o", "-")).isZero();
    } finally {
      System.setOut(before);
    }
    assertThat(standardOutput.toString(StandardCharsets.UTF_8)).isEqualTo(SCENE + "\n");
    assertThat(printed.toString()).contains("-: 1 scene of 2 entries");
    assertThat(directory).isDirectoryNotContaining("glob:**-");
  }

  @Test
  void everyCommandHasHelpWithAnExample() {
    for (String name : List.of("naip", "sentinel-2", "stac")) {
      assertThat(
              Kiln.commandLine(Map.of(), List.of(ManifestCommand.class))
                  .setOut(new PrintWriter(printed))
                  .execute("manifest", name, "--help"))
          .isZero();
      assertThat(printed.toString()).contains("Example:", "  kiln manifest " + name);
      assertThat(run(name)).isEqualTo(2);
    }
    assertThat(run()).isEqualTo(2);
  }
}
