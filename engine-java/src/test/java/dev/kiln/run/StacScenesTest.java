package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.chip.RadiometricOffset;
import dev.kiln.error.ExitCode;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scenes from STAC items, in all variants of the platforms. */
@Timeout(120)
class StacScenesTest {
  @TempDir Path directory;

  private TestRun test;
  private RunReport report;

  private EmbeddingFile embed(String platform, StacScene scene) throws Exception {
    return embed(platform, scene, 256, RadiometricOffset.AUTO);
  }

  private EmbeddingFile embed(String platform, StacScene scene, int chip, RadiometricOffset offset)
      throws Exception {
    test = TestRun.of(platform, directory.resolve(scene.id)).scene(scene);
    test.inflateThreads = 2;
    test.chips = ChipOptions.builder().chipSize(chip).radiometricOffset(offset).build();
    try (FakeEncoder encoder = new FakeEncoder(test.platform, chip, 3)) {
      report = test.embed(encoder);
    }
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    return EmbeddingFile.open(test.file(scene.key()));
  }

  private static List<String> chips(EmbeddingFile file) throws IOException {
    List<Object> x = file.values("chip_x");
    List<Object> y = file.values("chip_y");
    return IntStream.range(0, x.size()).mapToObj(i -> x.get(i) + "," + y.get(i)).toList();
  }

  /** Returns the chip of 256 px that a pixel at 10 m belongs to. */
  private static int chipOf(int x, int y) {
    return x / 256 + 2 * (y / 256);
  }

  @Test
  void sentinel2ChipsAreMaskedByTheirClassification() throws Exception {
    StacScene scene = StacScene.sentinel2("s2");
    // Of 128 lines of a chip at 20 m: chip 0 half cloud, chip 1 one line more, chip 2 a fifth
    // without data, chip 3 a line more.
    int[] lines = {64, 65, 25, 26};
    scene
        .files
        .get("scl")
        .pixels(
            (b, x, y) -> {
              int chip = chipOf(2 * x, 2 * y);
              return y % 128 < (chip < 4 ? lines[chip] : 0) ? (chip < 2 ? 8 + y % 3 : 0) : 5;
            });

    EmbeddingFile file = embed("sentinel-2-l2a", scene);

    assertThat(chips(file)).containsExactly("0,0", "0,1");
    assertThat(file.values("cloud")).containsExactly(0.5f, 0f);
    assertThat(file.values("nodata")).containsExactly(0f, 25 / 128f);
    assertThat(file.values("item_id")).containsOnly("s2");
    assertThat(file.values("gsd")).containsOnly(10f);
  }

  @Test
  void landsatChipsAreMaskedByTheirQualityBits() throws Exception {
    StacScene scene = StacScene.landsat("landsat");
    int[] values = {1, 0b11010, 0b01000, 21824};
    scene
        .files
        .get("qa_pixel")
        .pixels(
            (b, x, y) -> {
              int chip = chipOf(x, y);
              boolean bad = chip < 4 && y % 256 < (chip == 2 ? 128 : 129);
              return bad ? values[chip] : 21824;
            });

    EmbeddingFile file = embed("landsat-c2l2-sr", scene);

    assertThat(chips(file)).containsExactly("0,1", "1,1");
    assertThat(file.values("cloud")).containsExactly(0.5f, 0f);
    assertThat(file.values("gsd")).containsOnly(30f);
  }

  @Test
  void onlyTheMaskOfACloudySceneIsFetched() throws Exception {
    StacScene scene = StacScene.sentinel2("cloudy");
    scene.files.get("scl").pixels((b, x, y) -> 9);
    // If they were fetched, their absence would be an error.
    scene.files.keySet().removeIf(name -> !name.equals("scl"));

    EmbeddingFile file = embed("sentinel-2-l2a", scene);

    assertThat(file.rows()).isZero();
    assertThat(report.run().counts().embedded()).isEqualTo(1);
    assertThat(report.run().counts().bytesFetched())
        .isEqualTo(Files.size(test.source.resolve("scenes/cloudy/scl.tif")));
    assertThat(report.run().counts().bytesDecoded()).isZero();
  }

  @Test
  void maskIsAlignedEvenIfTheItemHasNoSizes() throws Exception {
    StacScene scene = StacScene.sentinel2("unsized");
    scene.files.keySet().forEach(name -> scene.asset(name).remove("proj:shape"));
    scene.files.get("scl").pixels((b, x, y) -> x >= 128 ? 3 : 4);

    assertThat(chips(embed("sentinel-2-l2a", scene))).containsExactly("0,0", "0,1");
  }

  @ParameterizedTest
  @CsvSource({
    "linz, uint8, 255, true",
    "linz, uint8, 255, false",
    "planetscope-sr, uint16, 0, true",
    "modis, int16, -28672, true",
    "modis, int16, -28672, false",
    "sentinel-1-rtc, float32, -9999, true",
    "sentinel-1-rtc, float32, -9999, false",
    "sentinel-1-rtc, float32, NaN, false",
  })
  void nodataValueMasksWithoutAClassification(
      String platform, String type, double nodata, boolean inTheItem) throws Exception {
    StacScene scene = new StacScene("bands", "any");
    TestRun platforms = TestRun.of(platform, directory);
    int bands = platforms.platform.bands().size();
    GeoTiffs.Pixels pixels =
        (b, x, y) -> {
          int chip = chipOf(x, y);
          boolean gap = chip == 0 ? y < 51 : chip == 1 ? y < 52 : chip == 2 && b == 0;
          // Backscatter in dB is negative.
          int dark = platform.equals("sentinel-1-rtc") ? -70 : 20;
          return gap ? nodata : dark + (x + y + b) % 50;
        };
    GeoTiffs file = scene.asset("data", 30, 540, 530).bands(bands).type(type).pixels(pixels);
    if (inTheItem) {
      scene.asset("data").put("nodata", nodata);
    } else {
      file.nodata(nodata);
    }

    EmbeddingFile written = embed(platform, scene);

    // A fifth of 256 lines is 51.2; a pixel with data in one band has data.
    assertThat(chips(written)).containsExactly("0,0", "0,1", "1,1");
    assertThat(written.values("nodata")).containsExactly(51 / 256f, 0f, 0f);
    assertThat(written.values("cloud")).containsOnly(0f);
    assertThat(written.values("platform")).containsOnly(platform);
    for (float value : written.vectors(0).values()) {
      assertThat(value).isFinite();
    }
  }

  @Test
  void sceneWithoutDataIsDone() throws Exception {
    StacScene scene = new StacScene("void", "any");
    scene.asset("data", 0.5, 600, 520).bands(3).nodata(0).pixels((b, x, y) -> 0);

    assertThat(embed("linz", scene).rows()).isZero();
    assertThat(report.run().counts().embedded()).isEqualTo(1);
  }

  @Test
  void withoutANodataValueNothingIsMasked() throws Exception {
    StacScene scene = new StacScene("all", "any");
    scene.asset("data", 0.5, 600, 520).bands(3).pixels((b, x, y) -> 0);

    EmbeddingFile file = embed("linz", scene);

    assertThat(file.rows()).isEqualTo(4);
    assertThat(file.values("nodata")).containsOnly(0f);
    assertThat(file.values("gsd")).containsOnly(0.5f);
  }

  @ParameterizedTest
  @ValueSource(ints = {256, 224, 200, 128})
  void outputDoesNotDependOnTiles(int chip) throws Exception {
    byte[] first = null;
    for (String tile : List.of("512", "256", "128", "STRIPS")) {
      StacScene scene = StacScene.sentinel2("tiles");
      scene.files.get("scl").pixels((b, x, y) -> (x / 40 + y / 50) % 5 == 0 ? 8 : 4);
      for (GeoTiffs file : scene.files.values()) {
        if (tile.equals("STRIPS")) {
          file.option("TILED=NO").option("BLOCKXSIZE=").option("BLOCKYSIZE=7");
        } else {
          file.option("BLOCKXSIZE=" + tile).option("BLOCKYSIZE=" + tile);
        }
      }
      directory = directory.resolve(tile);
      embed("sentinel-2-l2a", scene, chip, RadiometricOffset.AUTO);
      byte[] bytes = Files.readAllBytes(test.file(scene.key()));
      first = first == null ? bytes : first;
      assertThat(bytes).as("tiles of %s px", tile).isEqualTo(first);
    }
  }

  private float[] vectors(String id, String collection, int added, RadiometricOffset offset)
      throws Exception {
    StacScene scene = StacScene.sentinel2(id);
    scene.item.put("collection", collection);
    int seed = 1;
    for (String name : scene.files.keySet()) {
      int band = seed++;
      if (!name.equals("scl")) {
        scene
            .files
            .get(name)
            .pixels(
                (b, x, y) -> {
                  int value = (x * 31 + y * 17 + band) % 2900;
                  return value == 0 ? 0 : value + added;
                });
      }
    }
    return embed("sentinel-2-l2a", scene, 256, offset).vectors(0).values();
  }

  @Test
  void radiometricOffsetIsRemovedIfPresent() throws Exception {
    float[] stored = vectors("stored", "sentinel-2-l2a", 0, RadiometricOffset.AUTO);

    assertThat(vectors("c1", "sentinel-2-c1-l2a", 1000, RadiometricOffset.AUTO)).isEqualTo(stored);
    assertThat(vectors("requested", "sentinel-2-l2a", 1000, RadiometricOffset.MINUS_1000))
        .isEqualTo(stored);
    assertThat(vectors("left", "sentinel-2-c1-l2a", 0, RadiometricOffset.NONE)).isEqualTo(stored);
    assertThat(vectors("seen", "sentinel-2-l2a", 1000, RadiometricOffset.AUTO))
        .as("no value is below 1000")
        .isEqualTo(stored);
    assertThat(vectors("kept", "sentinel-2-l2a", 1000, RadiometricOffset.NONE))
        .isNotEqualTo(stored);
  }

  @Test
  void outputDoesNotDependOnTheNumberOfFiles() throws Exception {
    GeoTiffs.Pixels pixels = (b, x, y) -> (b * 97 + x * 31 + y * 17) % 2000;
    StacScene one = new StacScene("one", "any");
    one.asset("analytic", 1, 540, 530).bands(4).type("uint16").pixels(pixels);
    StacScene many = new StacScene("many", "any");
    StacScene mixed = new StacScene("mixed", "any");
    String[] names = {"red", "green", "blue", "nir"};
    for (int i = 0; i < names.length; i++) {
      int band = i;
      many.asset(names[i], 1, 540, 530).type("uint16").pixels((b, x, y) -> pixels.at(band, x, y));
    }
    // A larger file whose bands are named, in another order, with one too many between them.
    int[] order = {3, 2, 9, 0, 1};
    mixed
        .asset("image", 1, 540, 530)
        .bands(5)
        .type("uint16")
        .pixels((b, x, y) -> order[b] > 3 ? 1234 : pixels.at(order[b], x, y));
    for (int band : order) {
      mixed
          .asset("image")
          .withArrayProperty("eo:bands")
          .addObject()
          .put("common_name", band > 3 ? "pan" : names[band]);
    }

    float[] vectors = embed("satellogic-MSI-L1D", one).vectors(0).values();

    assertThat(vectors).hasSize(4 * FakeEncoder.DIM);
    assertThat(embed("satellogic-MSI-L1D", many).vectors(0).values()).isEqualTo(vectors);
    assertThat(embed("satellogic-MSI-L1D", mixed).vectors(0).values()).isEqualTo(vectors);
  }
}
