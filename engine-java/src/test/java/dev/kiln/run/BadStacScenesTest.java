package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.testing.FakeEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** One bad STAC scene is named, counted and reported, and the others are embedded. */
@Timeout(60)
class BadStacScenesTest {
  @TempDir Path directory;

  /** Spoils a sound Sentinel-2 scene before it is written. */
  interface Spoil {
    void apply(StacScene scene);
  }

  static Stream<Arguments> badScenes() {
    return Stream.of(
        bad("no red", scene -> remove(scene, "red"), "no asset for red of sentinel-2-l2a"),
        bad(
            "red as JPEG 2000 only",
            scene -> scene.asset("red").put("href", "B04.jp2").put("type", "image/jp2"),
            "no asset for red of sentinel-2-l2a"),
        bad("no time", scene -> scene.properties().remove("datetime"), "has neither datetime"),
        bad("no assets", scene -> scene.item.remove("assets"), "not a STAC item"),
        bad(
            "elsewhere",
            scene -> scene.asset("nir").put("href", "https://example.org/B08.tif"),
            "a directory is read without web servers"),
        bad(
            "no scl",
            scene -> remove(scene, "scl"),
            "no TIFF asset scl",
            "--max-cloud 1 --max-nodata 1"),
        bad("scl file missing", scene -> scene.without("scl"), "scl.tif: no such object"),
        bad("band file missing", scene -> scene.without("swir16"), "swir16.tif: no such object"),
        bad(
            "band that does not divide the grid",
            scene -> scene.files.get("swir22").size(269, 265),
            "swir22.tif: band swir22",
            "expected a size that divides the grid of 540 × 530 px"),
        bad(
            "band of another size",
            scene -> scene.files.get("green").size(540, 265),
            "expected a size that divides the grid"),
        bad(
            "band in another zone",
            scene -> scene.files.get("nir08").epsg(32615),
            "nir08.tif: band nir08",
            "expected the extent and CRS of"),
        bad(
            "band shifted",
            scene ->
                scene
                    .files
                    .get("blue")
                    .geotransform(StacScene.EAST + 10, 10, 0, StacScene.NORTH, 0, -10),
            "expected the extent and CRS of"),
        bad(
            "bands in degrees",
            scene ->
                scene.files.forEach(
                    (name, file) -> {
                      double step =
                          name.equals("scl") || name.matches("rede.*|nir08|swir.*") ? 2e-4 : 1e-4;
                      file.epsg(4326).geotransform(-100, step, 0, 47, 0, -step);
                    }),
            "expected a CRS in metres, found WGS 84"),
        bad(
            "scl in another zone",
            scene -> scene.files.get("scl").epsg(32615),
            "expected the extent and CRS of the mask"),
        bad(
            "scl of other numbers",
            scene -> scene.files.get("scl").type("float32"),
            "expected a mask of type uint8 or uint16"),
        bad(
            "scl that does not divide the grid",
            scene -> scene.files.get("scl").size(200, 265),
            "mask width: expected a divisor of the bands' width of 540 px, found 200 px"),
        bad(
            "smaller than a chip",
            scene ->
                scene.files.forEach(
                    (name, file) -> {
                      boolean coarse = name.equals("scl") || name.matches("rede.*|nir08|swir.*");
                      file.size(coarse ? 100 : 200, coarse ? 300 : 600);
                      shape(scene, name, coarse ? 300 : 600, coarse ? 100 : 200);
                    }),
            "expected at least one chip of 256 px, found 200 × 600 px"));
  }

  private static Arguments bad(String name, Spoil spoil, String... reasons) {
    return Arguments.of(name, spoil, reasons);
  }

  private static void remove(StacScene scene, String name) {
    scene.item.withObjectProperty("assets").remove(name);
    scene.files.remove(name);
  }

  private static void shape(StacScene scene, String name, int rows, int columns) {
    scene.asset(name).putArray("proj:shape").add(rows).add(columns);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badScenes")
  void badSceneIsReportedAndOthersAreEmbedded(String name, Spoil spoil, String[] reasons)
      throws Exception {
    StacScene bad = StacScene.sentinel2("bad");
    spoil.apply(bad);
    TestRun test = TestRun.of("sentinel-2-l2a", directory).scene(bad);
    sound(test);

    fails(test, bad.key(), reasons);
  }

  private static void sound(TestRun test) throws IOException {
    test.scene(StacScene.sentinel2("sound"));
  }

  private static void fails(TestRun test, String key, String... reasons) throws Exception {
    RunReport report;
    try (FakeEncoder encoder = new FakeEncoder(test.platform, 256, 3)) {
      report = test.embed(encoder);
    }
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.run().counts().embedded()).isEqualTo(1);
    assertThat(report.failures()).hasSize(1);
    FailedScene failed = report.failures().get(0);
    assertThat(failed.key()).isEqualTo(key);
    assertThat(failed.kind()).isEqualTo(FailedScene.Kind.PERMANENT);
    assertThat(failed.object() + ": " + failed.reason()).contains(reasons).doesNotContain("\n");
    assertThat(test.file(key)).doesNotExist();
  }

  @ParameterizedTest
  @MethodSource("cutFiles")
  void damagedFileIsReported(String asset, double kept, String reason) throws Exception {
    StacScene bad = StacScene.sentinel2("bad");
    bad.files.get(asset).seed(3);
    TestRun test = TestRun.of("sentinel-2-l2a", directory).scene(bad);
    Path file = test.source.resolve("scenes/bad/" + asset + ".tif");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, (int) (bytes.length * kept)));
    sound(test);

    fails(test, bad.key(), asset + ".tif: ", reason);
  }

  static Stream<Arguments> cutFiles() {
    return Stream.of(
        Arguments.of("scl", 0.5, "truncated or corrupt"),
        Arguments.of("scl", 0.0, "the object is empty"),
        Arguments.of("nir", 0.5, "truncated or corrupt"),
        Arguments.of("nir", 0.0001, "corrupt TIFF"));
  }

  @ParameterizedTest
  @MethodSource("badItems")
  void malformedItemIsReported(String json, String reason) throws Exception {
    TestRun test = TestRun.of("sentinel-2-l2a", directory);
    test.keys.add("scenes/bad/bad.json");
    if (json != null) {
      Files.createDirectories(test.source.resolve("scenes/bad"));
      Files.writeString(test.source.resolve("scenes/bad/bad.json"), json);
    }
    sound(test);

    fails(test, "scenes/bad/bad.json", reason);
  }

  static Stream<Arguments> badItems() {
    return Stream.of(
        Arguments.of(null, "no such object"),
        Arguments.of("<html>", "not JSON"),
        Arguments.of("[]", "not a STAC item"));
  }
}
