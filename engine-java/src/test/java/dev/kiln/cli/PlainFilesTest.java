package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.FileOptions;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.inspect.Inspection;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.search.ImageExamples;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.Reports;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code kiln embed PLATFORM FILE} and {@code kiln manifest files}, as a user runs them. */
@Timeout(120)
class PlainFilesTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");
  private static final double[] METRE = {1_750_000, 1, 0, 5_430_000, 0, -1};

  @TempDir static Path shared;
  @TempDir Path directory;
  private final StringWriter printed = new StringWriter();
  private final StringWriter errors = new StringWriter();

  @BeforeAll
  static void model() {
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("linz"), PlatformCatalog.builtIn().get("naip")),
            List.of(256),
            false,
            false),
        shared.resolve("model"));
  }

  /** An RGB image as a survey of New Zealand publishes it, 2 × 2 chips. */
  private static GeoTiffs ortho() {
    return GeoTiffs.naip().bands(3).size(520, 530).epsg(2193).geotransform(METRE);
  }

  private int kiln(List<String> arguments) {
    CommandLine kiln =
        Kiln.commandLine(Map.of(), List.of(EmbedCommand.class, ManifestCommand.class))
            .setOut(new PrintWriter(printed, true))
            .setErr(new PrintWriter(errors, true));
    return kiln.execute(arguments.toArray(String[]::new));
  }

  private int embed(String... more) {
    List<String> arguments = new ArrayList<>(List.of("embed"));
    for (String argument : more) {
      arguments.add(argument.replace("DIR/", directory + "/"));
    }
    arguments.addAll(
        List.of(
            "--model=" + shared.resolve("model"),
            "--out=" + directory.resolve("out"),
            "--progress=none"));
    return kiln(arguments);
  }

  private List<String> outputs() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("out"))) {
      return files
          .filter(file -> file.toString().endsWith(".parquet"))
          .map(file -> directory.resolve("out").relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  private String report() throws IOException {
    return Reports.latest(directory.resolve("out"));
  }

  @Test
  void oneFileIsEmbeddedUnderItsName() throws IOException {
    ortho().write(directory.resolve("deep/er/ortho.tif"));
    assertThat(embed("linz", "DIR/deep/er/ortho.tif", "--datetime=2024-03-01"))
        .as(errors + report())
        .isEqualTo(ExitCode.DONE.code());
    assertThat(outputs()).containsExactly("ortho.parquet");
    assertThat(report()).contains("2024-03-01T12:00:00Z (option)", "1,2,3 (colours in the file)");
    Inspection found = Inspection.of(directory.resolve("out/ortho.parquet"));
    assertThat(found.vectors().orElseThrow().count()).isEqualTo(4);
  }

  @Test
  void stripedFilesAndBandsInAnotherOrderGiveTheSameVectors() throws IOException {
    ortho().write(directory.resolve("a/tiled_20240301.tif"));
    ortho()
        .option("TILED=NO")
        .option("COMPRESS=LZW")
        .write(directory.resolve("a/striped_20240301.tif"));
    assertThat(embed("linz", "DIR/a/tiled_20240301.tif", "DIR/a/striped_20240301.tif"))
        .as(errors + "")
        .isEqualTo(ExitCode.DONE.code());
    assertThat(statistics("striped_20240301")).isEqualTo(statistics("tiled_20240301"));
  }

  private Object statistics(String name) throws IOException {
    return Inspection.of(directory.resolve("out/" + name + ".parquet")).vectors();
  }

  @Test
  void filesOfSeveralDirectoriesNeedASource() throws IOException {
    ortho().write(directory.resolve("a/x_20240301.tif"));
    ortho().write(directory.resolve("b/x_20240301.tif"));
    assertThat(embed("linz", "DIR/a/x_20240301.tif", "DIR/b/x_20240301.tif"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(errors.toString())
        .contains("expected files of one directory, or --source DIRECTORY", "found 2 directories");
    assertThat(
            embed("linz", "DIR/a/x_20240301.tif", "DIR/b/x_20240301.tif", "--source=" + directory))
        .isEqualTo(ExitCode.DONE.code());
    assertThat(outputs()).containsExactly("a/x_20240301.parquet", "b/x_20240301.parquet");
  }

  @Test
  void naipOutsideTheLayoutOfItsBucket() throws IOException {
    // Near infrared is tagged as alpha, as in the bucket.
    GeoTiffs.naip()
        .option("PHOTOMETRIC=RGB")
        .option("ALPHA=YES")
        .write(directory.resolve("m_3807708_ne_18_060_20181025.tif"));
    assertThat(embed("naip", "DIR/m_3807708_ne_18_060_20181025.tif"))
        .as(errors + report())
        .isEqualTo(ExitCode.DONE.code());
    assertThat(report()).contains("2018-10-25T12:00:00Z (file name)", "1,2,3,4 (colours");
  }

  @Test
  void alphaOfADroneImageIsNoData() throws IOException {
    // The right half is transparent.
    GeoTiffs.naip()
        .size(512, 256)
        .epsg(2193)
        .geotransform(METRE)
        .pixels((b, x, y) -> b < 3 ? 100 + (x * 7 + y * 3 + b) % 50 : x < 256 ? 255 : 0)
        .option("PHOTOMETRIC=RGB")
        .option("ALPHA=YES")
        .write(directory.resolve("drone_20240301.tif"));
    assertThat(embed("linz", "DIR/drone_20240301.tif")).isEqualTo(ExitCode.DONE.code());
    assertThat(
            Inspection.of(directory.resolve("out/drone_20240301.parquet"))
                .vectors()
                .orElseThrow()
                .count())
        .isEqualTo(1);
    assertThat(report()).contains("\"nodata\" : 1");
  }

  @Test
  void otherBandsAndMissingDatesFailTheirFileAlone() throws IOException {
    ortho().write(directory.resolve("a/good_20240301.tif"));
    ortho().write(directory.resolve("a/undated.tif"));
    ortho().bands(2).write(directory.resolve("a/two_20240301.tif"));
    ortho().names("B4", "B3", "B2").write(directory.resolve("a/named_20240301.tif"));
    assertThat(embed("linz", directory.resolve("a").toString()))
        .isEqualTo(ExitCode.SCENES_FAILED.code());
    assertThat(outputs()).containsExactly("good_20240301.parquet");
    assertThat(report())
        .contains(
            "no date: expected one in the file name",
            "expected the 3 bands of linz (red, green, blue), found 2 (",
            "expected the 3 bands of linz (red, green, blue), found 3 (B4, B3, B2)");
    assertThat(embed("linz", "DIR/a/named_20240301.tif", "--bands=1,2,3", "--overwrite"))
        .isEqualTo(ExitCode.DONE.code());
  }

  @Test
  void anotherDatetimeIsNotTheSameRun() throws IOException {
    ortho().write(directory.resolve("ortho.tif"));
    assertThat(embed("linz", "DIR/ortho.tif", "--datetime=2024-03-01"))
        .isEqualTo(ExitCode.DONE.code());
    assertThat(embed("linz", "DIR/ortho.tif", "--datetime=2024-04-01"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(report()).contains("datetime: expected 2024-04-01T12:00:00Z, found");
  }

  @Test
  void filesAndAListExcludeEachOther() {
    assertThat(embed("linz", "DIR/x.tif", "--scenes=DIR/list")).isEqualTo(ExitCode.USAGE.code());
    assertThat(errors.toString()).contains("expected FILE or --scenes, found both");
    assertThat(embed("linz")).isEqualTo(ExitCode.USAGE.code());
    assertThat(errors.toString()).contains("expected FILE, or --scenes and --source");
    assertThat(embed("linz", "DIR/none.tif")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(errors.toString()).contains("none.tif: no such file");
  }

  @Test
  void directoryIsListed() throws IOException {
    ortho().write(directory.resolve("tiles/b/2_20240301.TIF"));
    ortho().write(directory.resolve("tiles/1_20240301.tif"));
    ortho().write(directory.resolve("tiles/undated.tiff"));
    Files.writeString(directory.resolve("tiles/broken.tif"), "<html>");
    Files.writeString(directory.resolve("tiles/readme.txt"), "");
    Files.writeString(directory.resolve("tiles/.hidden.tif"), "");
    int exit =
        kiln(
            List.of(
                "manifest",
                "files",
                directory.resolve("tiles").toString(),
                "-o",
                directory + "/list.txt"));
    assertThat(exit).as(errors.toString()).isEqualTo(ExitCode.DONE.code());
    assertThat(Files.readAllLines(directory.resolve("list.txt")))
        .containsExactly("1_20240301.tif", "b/2_20240301.TIF", "undated.tiff");
    assertThat(printed.toString())
        .contains("3 scenes of 6 entries", "not a readable TIFF", "hidden", "not .tif")
        .contains("1 file without a date", "embed with that --source");
  }

  /** The README's two quickstarts, word for word but for the names of files. */
  @Test
  void quickstartsOfTheReadmeWork() throws IOException {
    String readme = Files.readString(Path.of("../README.md"));
    Matcher section = Pattern.compile("(?s)## Your own imagery\n(.*?)\n## ").matcher(readme);
    assertThat(section.find()).isTrue();
    Matcher blocks = Pattern.compile("(?ms)^```\n(.*?)^```").matcher(section.group(1));
    ortho().write(directory.resolve("ortho.tif"));
    for (int i = 0; i < 10; i++) {
      ortho()
          .size(260, 260)
          .seed(i)
          .write(directory.resolve("orthophotos/tile_" + i + "_20240301.tif"));
    }
    int commands = 0;
    while (blocks.find()) {
      for (String line : blocks.group(1).split("\n")) {
        if (!line.startsWith("./kiln embed") && !line.startsWith("./kiln manifest")) {
          continue;
        }
        List<String> words = new ArrayList<>(List.of(line.split(" +")));
        words.remove(0);
        words.replaceAll(
            word ->
                switch (word) {
                  case "model" -> shared.resolve("model").toString();
                  case "ortho.tif", "orthophotos", "scenes.txt.gz" ->
                      directory.resolve(word).toString();
                  case "vectors" -> directory.resolve("out").toString();
                  default -> word;
                });
        assertThat(kiln(words)).as(line + "\n" + errors).isEqualTo(ExitCode.DONE.code());
        commands++;
      }
    }
    assertThat(commands).isEqualTo(3);
    assertThat(outputs()).hasSize(11).contains("ortho.parquet", "tile_9_20240301.parquet");
  }

  @Test
  void anImageIsAnExampleForASearch() throws IOException {
    Path image = directory.resolve("BX24_20230115.tif");
    ortho().write(image);
    assertThat(embed("linz", "DIR/BX24_20230115.tif")).isZero();
    StringWriter found = new StringWriter();
    int exit =
        Kiln.commandLine(Map.of(), List.of(SearchCommand.class))
            .setOut(new PrintWriter(found, true))
            .setErr(new PrintWriter(errors, true))
            .execute(
                "search",
                directory.resolve("out").toString(),
                "--image=" + image,
                "--platform=linz",
                "--model=" + shared.resolve("model"),
                "-k=4");

    assertThat(exit).as(errors.toString()).isZero();
    assertThat(found.toString().lines()).hasSize(5);
    assertThat(found.toString()).contains("BX24_20230115-0-0");
  }

  @Test
  void imagesOfTheSameNameAreExamplesOfTheirOwn() throws Exception {
    List<String> images = new ArrayList<>();
    for (String name : List.of("a", "b")) {
      Path image = directory.resolve(name).resolve("BX24_20230115.tif");
      ortho().write(image);
      images.add(image.toString());
    }
    assertThat(embed("linz", "DIR/a/BX24_20230115.tif")).isZero();
    ImageExamples examples =
        new ImageExamples(
            ModelDirectory.open(shared.resolve("model")),
            "linz",
            FileOptions.NONE,
            StoreOptions.standard());

    try (EmbeddingFiles files =
        EmbeddingFiles.open(directory.resolve("out").toString(), StoreOptions.standard())) {
      assertThat(examples.vectors("--image", images, files, false)).hasSize(8);
      assertThat(examples.vectors("--not-image", List.of(), files, false)).isEmpty();
    }
  }
}
