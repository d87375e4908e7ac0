package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.KilnProcess;
import dev.kiln.testing.TestDataset;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** With {@code -o -}, standard output receives the bytes of the file and nothing else. */
@Timeout(180)
class StandardOutputTest {
  private static final String SCENE =
      "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif";
  private static final String ITEM =
      "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/S2A_20HNJ_20240311_0_L2A.json";

  @TempDir Path directory;

  /** Runs a command and returns what it wrote to standard output, in whatever way. */
  private static byte[] standardOutput(int code, Stream<String> arguments) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream before = System.out;
    PrintStream all = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    System.setOut(all);
    try {
      CommandLine command =
          Kiln.commandLine(
              Map.of(), List.of(MapCommand.class, ManifestCommand.class, SearchCommand.class));
      command
          .setOut(new PrintWriter(all, true))
          .setErr(new PrintWriter(new ByteArrayOutputStream()));
      assertThat(command.execute(arguments.toArray(String[]::new))).isEqualTo(code);
    } finally {
      System.setOut(before);
    }
    return bytes.toByteArray();
  }

  /** Compares standard output with the file that the same command writes, without times. */
  private String assertSame(String name, String... arguments) throws IOException {
    Path file = directory.resolve(name);
    standardOutput(0, withOut(file.toString(), arguments));
    String printed = new String(standardOutput(0, withOut("-", arguments)), StandardCharsets.UTF_8);
    assertThat(withoutTimes(printed)).isNotEmpty().isEqualTo(withoutTimes(Files.readString(file)));
    return printed;
  }

  private static String withoutTimes(String text) {
    return text.replaceAll("\"seconds\" : [0-9.E-]+", "");
  }

  private static Stream<String> withOut(String out, String... arguments) {
    return Stream.concat(Arrays.stream(arguments), Stream.of("-o", out));
  }

  @Test
  void listsOfScenesAreAllThatIsPrinted() throws IOException {
    Path naip =
        Files.writeString(
            directory.resolve("manifest.txt"),
            SCENE + "\nother.txt\nscenes/" + SCENE.replaceFirst(".*/", "") + "\n");
    assertSame("naip.txt", "manifest", "naip", "--manifest", naip.toString());
    assertSame("naip-counts.txt", "manifest", "naip", "--manifest", naip.toString(), "--json");

    Path images = Files.createDirectory(directory.resolve("images"));
    GeoTiffs.naip().size(64, 64).write(images.resolve("a.tif"));
    GeoTiffs.naip().size(64, 64).write(images.resolve("b_20200601.tif"));
    Files.writeString(images.resolve("notes.tif"), "not an image");
    assertThat(assertSame("files.txt", "manifest", "files", images.toString()))
        .isEqualTo("a.tif\nb_20200601.tif\n");

    Path items = Files.writeString(directory.resolve("items.json"), featureCollection());
    assertSame("stac.txt", "manifest", "stac", "--stac", items.toString());

    Path root = Files.createDirectories(directory.resolve("mirror/sentinel-cogs/list"));
    Path snapshot = Files.createDirectories(root.resolve("2024-10-03T01-00Z"));
    Files.writeString(
        snapshot.resolve("manifest.json"),
        """
        {"sourceBucket": "sentinel-cogs", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
         "files": [{"key": "sentinel-cogs/list/data/0.csv.gz"}]}\
        """);
    Path part = Files.createDirectories(root.resolve("data")).resolve("0.csv.gz");
    try (GZIPOutputStream rows = new GZIPOutputStream(Files.newOutputStream(part))) {
      rows.write(("\"b\",\"" + ITEM + "\"\n").getBytes(StandardCharsets.UTF_8));
    }
    assertSame("s2.txt", "manifest", "sentinel-2", "--inventory", root.toString());
  }

  private static String featureCollection() {
    return """
    {"type": "FeatureCollection", "features": [
      {"type": "Feature", "stac_version": "1.0.0", "id": "a", "properties": {}, "geometry": null,
       "links": [{"rel": "self", "href": "https://h.example/a.json"}], "assets": {}}]}
    """;
  }

  @Test
  void resultsOfSearchesAreAllThatIsPrinted() throws IOException {
    TestDataset dataset = new TestDataset(directory.resolve("out"));
    dataset.scene("a").at(10, 47).write();
    for (String format : List.of("json", "geojson", "table")) {
      assertSame(
          "similar." + format.replace("table", "txt"),
          "search",
          dataset.uri(),
          "--chip",
          "a-3-0",
          "--format",
          format);
    }
  }

  /** In a process, with a warning in the log and an exit code that is not 0. */
  @Test
  void aMapIsAllThatIsPrinted() throws Exception {
    TestDataset dataset = new TestDataset(directory.resolve("out"));
    Path first = dataset.scene("a").at(10, 47).write();
    Files.writeString(first.resolveSibling("b.parquet"), "damaged");
    Path picture = directory.resolve("map.png");
    standardOutput(65, Stream.of("map", dataset.uri(), "--size", "512", "-o", picture.toString()));

    Path out = directory.resolve("stdout");
    Path err = directory.resolve("stderr");
    Process process =
        KilnProcess.start(
            out, err, List.of("map", dataset.uri(), "--size", "512", "-o", "-", "--log", "debug"));
    assertThat(process.waitFor()).isEqualTo(65);

    assertThat(out).hasSameBinaryContentAs(picture);
    assertThat(err).content().contains("left out: ", "-: 10 chips, ");
  }
}
