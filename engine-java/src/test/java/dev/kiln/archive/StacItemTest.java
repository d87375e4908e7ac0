package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StacItemTest {
  static final String KEY = "x/item.json";

  static StacItem read(String resource) throws IOException, SceneException {
    try (InputStream in = StacItemTest.class.getResourceAsStream("/archive/" + resource)) {
      return StacItem.parse(KEY, in.readAllBytes());
    }
  }

  static StacItem parse(String json) throws SceneException {
    return StacItem.parse(KEY, json.getBytes(StandardCharsets.UTF_8));
  }

  static Platform platform(String name, double gsd, String... bands) {
    return new Platform(
        name, gsd, Arrays.stream(bands).map(band -> new Band(band, 1, 0, 1)).toList());
  }

  @Test
  void readsAnItemOfStac10() throws IOException, SceneException {
    StacItem item = read("sentinel-2-item.json");

    assertThat(item.id()).isEqualTo("S2B_33UUP_20230908_0_L2A");
    assertThat(item.collection()).isEqualTo("sentinel-2-c1-l2a");
    assertThat(item.datetime()).isEqualTo(Instant.parse("2023-09-08T10:10:31.024Z"));
    assertThat(item.boaOffsetApplied()).contains(false);
    assertThat(item.processingBaseline()).contains("05.09");
    assertThat(item.assets().keySet()).startsWith("blue", "blue-jp2", "visual").endsWith("scl");
    StacAsset blue = item.assets().get("blue");
    assertThat(blue.crs()).contains("EPSG:32633");
    assertThat(blue.shape()).containsExactly(10980, 10980);
    assertThat(blue.transform()).containsExactly(10.0, 0.0, 300000.0, 0.0, -10.0, 5400000.0);
    assertThat(blue.bands())
        .containsExactly(
            new StacBand("B02", "blue", OptionalDouble.of(0), Optional.empty(), List.of()));
    assertThat(blue.gsd()).hasValue(10);
    assertThat(blue.isTiff()).isTrue();
    assertThat(item.assets().get("red").isTiff()).isTrue();
    assertThat(item.assets().get("blue-jp2").isTiff()).isFalse();
  }

  @Test
  void readsAnItemOfStac11WithoutGeometry() throws IOException, SceneException {
    StacItem item = read("landsat-item.json");

    assertThat(item.datetime()).isEqualTo(Instant.parse("2023-06-10T13:46:01.500Z"));
    assertThat(item.gsd()).hasValue(30);
    assertThat(item.boaOffsetApplied()).isEmpty();
    StacAsset blue = item.assets().get("blue");
    assertThat(blue.href()).isEqualTo("s3://usgs-landsat/collection02/x/SR_B2.TIF");
    assertThat(blue.crs()).contains("EPSG:32618");
    assertThat(blue.shape()).containsExactly(7771, 7641);
    assertThat(blue.bands())
        .containsExactly(
            new StacBand("B2", "blue", OptionalDouble.of(0), Optional.empty(), List.of()));
    assertThat(blue.isTiff()).isTrue();
    assertThat(item.assets().get("thumbnail").isTiff()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"proj:epsg\": 32720                                          | EPSG:32720",
        "\"proj:epsg\": 32720, \"proj:code\": \"EPSG:3031\"            | EPSG:3031",
        "\"proj:epsg\": null, \"proj:wkt2\": \"PROJCRS[]\"             | PROJCRS[]",
        "\"proj:epsg\": null, \"proj:projjson\": {\"type\":\"X\"}      | {\"type\":\"X\"}",
        "\"proj:epsg\": null                                           | ''"
      })
  void readsAllFormsOfTheProjection(String fields, String crs) throws SceneException {
    StacItem item =
        parse(
            """
            {"id": "i", "properties": {"datetime": "2024-01-01T00:00:00Z", %s},
             "assets": {"red": {"href": "red.tif"}}}\
            """
                .formatted(fields));

    assertThat(item.assets().get("red").crs())
        .isEqualTo(crs.isEmpty() ? Optional.empty() : Optional.of(crs));
  }

  @Test
  void fieldsOfAnAssetPrecedeThoseOfTheItem() throws SceneException {
    StacItem item =
        parse(
            """
            {"id": "i", "properties": {"datetime": null, "start_datetime": "2024-01-01T00:00:00Z",
             "proj:epsg": 32720, "proj:shape": [10, 20]},
             "assets": {"a": {"href": "a.tif", "proj:epsg": 32721, "proj:shape": [5, 10]},
                        "b": {"href": "b.tif"}}}\
            """);

    assertThat(item.datetime()).isEqualTo(Instant.parse("2024-01-01T00:00:00Z"));
    assertThat(item.assets().get("a").crs()).contains("EPSG:32721");
    assertThat(item.assets().get("a").shape()).containsExactly(5, 10);
    assertThat(item.assets().get("b").crs()).contains("EPSG:32720");
    assertThat(item.assets().get("b").shape()).containsExactly(10, 20);
    assertThat(item.assets().get("b").transform()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"id\": \"i\"}",
        "{\"properties\": {\"datetime\": \"2024-01-01T00:00:00Z\"}, \"assets\": {}}",
        "{\"id\": \"i\", \"properties\": {}, \"assets\": {}}",
        "{\"id\": \"i\", \"properties\": {\"datetime\": \"yesterday\"}, \"assets\": {}}",
        "{\"id\": \"i\", \"properties\": {\"datetime\": \"2024-13-01\"}, \"assets\": {}}"
      })
  void rejectsOtherJson(String json) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOfSatisfying(
            SceneException.class,
            fault -> {
              assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT);
              assertThat(fault.key()).isEqualTo(KEY);
            });
  }

  @Test
  void describesTheSceneOfAPlatform() throws IOException, SceneException {
    Scene scene =
        read("landsat-item.json").scene(platform("landsat-c2l2-sr", 99, "red", "green", "blue"));

    assertThat(scene.sceneKey()).isEqualTo(KEY);
    assertThat(scene.itemId()).isEqualTo("LC09_L2SP_015033_20230610_20230612_02_T1_SR");
    assertThat(scene.gsd()).isEqualTo(30);
    assertThat(scene.bands()).extracting(BandAsset::band).containsExactly("red", "green", "blue");
    assertThat(scene.mask().orElseThrow().band().object())
        .hasToString("s3://usgs-landsat/x/QA_PIXEL.TIF");
    assertThat(scene.mask().orElseThrow().classes()).isEqualTo(PixelClasses.QUALITY_BITS);
    assertThat(scene.mask().orElseThrow().gridWidth()).hasValue(7641);
    assertThat(scene.nodataByValue()).isFalse();
    assertThat(scene.storedOffset()).isEqualTo(StoredOffset.NONE);
  }

  @ParameterizedTest
  @CsvSource({
    "sentinel-2-l2a,    05.10, true,  NONE",
    "sentinel-2-l2a,    05.10, false, PROBABLE",
    "sentinel-2-l2a,    05.10, ,      PROBABLE",
    "sentinel-2-l2a,    02.14, ,      NONE",
    "sentinel-2-l2a,    ,      ,      UNKNOWN",
    "sentinel-2-c1-l2a, 05.00, ,      CERTAIN",
    "sentinel-2-c1-l2a, 05.00, false, CERTAIN",
    "sentinel-2-c1-l2a, 04.00, ,      CERTAIN",
    "sentinel-2-c1-l2a, ,      ,      CERTAIN",
    "sentinel-2-c1-l2a, 03.01, ,      NONE",
    "sentinel-2-c1-l2a, 05.00, true,  NONE",
    "'',                05.10, ,      PROBABLE",
    "other,             05.10, false, PROBABLE",
    "other,             ,      ,      UNKNOWN"
  })
  void evidenceOfTheRadiometricOffset(
      String collection, String baseline, Boolean applied, StoredOffset offset)
      throws SceneException {
    StacItem item =
        parse(
            """
            {"id": "i", "collection": "%s", "assets": {},
             "properties": {"datetime": "2024-01-01T00:00:00Z",
               "s2:processing_baseline": %s, "earthsearch:boa_offset_applied": %s}}\
            """
                .formatted(collection, baseline == null ? null : '"' + baseline + '"', applied));

    assertThat(item.storedOffset(platform("sentinel-2-l2a", 10, "red"))).isEqualTo(offset);
    assertThat(item.storedOffset(platform("landsat-c2l2-sr", 30, "red")))
        .isEqualTo(StoredOffset.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"+1000000000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"})
  void rejectsImpossibleTimes(String datetime) {
    assertThatThrownBy(
            () ->
                parse(
                    "{\"id\": \"i\", \"properties\": {\"datetime\": \"%s\"}, \"assets\": {}}"
                        .formatted(datetime)))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("datetime");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "0", "1e999", "\"0.5\"", "1e-9", "1e9"})
  void ignoresAnImpossibleGsd(String gsd) throws SceneException {
    StacItem item =
        parse(
            """
            {"id": "i", "assets": {},
             "properties": {"datetime": "2024-01-01T00:00:00Z", "gsd": %s}}\
            """
                .formatted(gsd));

    assertThat(item.gsd()).isEmpty();
  }

  @Test
  void rejectsALandsatItemOfAnotherLevel() throws IOException, SceneException {
    StacItem item =
        parse(
            """
            {"id": "i", "collection": "landsat-c2-l1", "assets": {"red": {"href": "red.tif"}},
             "properties": {"datetime": "2024-01-01T00:00:00Z"}}\
            """);

    assertThatThrownBy(() -> item.scene(platform("landsat-c2l2-sr", 30, "red")))
        .hasMessageContaining(
            "expected level 2 of Landsat for platform landsat-c2l2-sr, found level 1");
  }

  @ParameterizedTest
  @CsvSource({
    "LC08_L1TP_029030_20230615_20230620_02_T1, , landsat-c2l2-sr, id LC08",
    "i, L1GT, landsat-c2l2-sr, landsat:correction L1GT",
    "i, L2SP, landsat-c2l1, landsat:correction L2SP",
    "LC09_L2SP_029030_20230615_02_T1, , landsat-c2l1, id LC09"
  })
  void rejectsALandsatItemOfAnotherLevelByCorrectionAndId(
      String id, String correction, String platform, String evidence) throws SceneException {
    String property = correction == null ? "" : ", \"landsat:correction\": \"" + correction + "\"";
    StacItem item =
        parse(
            """
            {"id": "%s", "assets": {"red": {"href": "red.tif"}},
             "properties": {"datetime": "2024-01-01T00:00:00Z"%s}}\
            """
                .formatted(id, property));

    assertThatThrownBy(() -> item.scene(platform(platform, 30, "red")))
        .hasMessageContainingAll("expected level", "found level", evidence);
  }

  @Test
  void readsTheSampleArchivesItem() throws IOException, SceneException {
    String key =
        "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/"
            + "S2A_20HNJ_20240311_0_L2A.json";
    Path sample = Path.of(System.getProperty("kiln.shared"), "samples/sentinel-cogs", key);
    assumeTrue(Files.exists(sample), "no sample item at " + sample);
    StacItem item = StacItem.parse(key, Files.readAllBytes(sample));
    List<String> bands =
        List.of(
            "blue",
            "green",
            "red",
            "rededge1",
            "rededge2",
            "rededge3",
            "nir",
            "nir08",
            "swir16",
            "swir22");

    Scene scene = item.scene(platform("sentinel-2-l2a", 10, bands.toArray(String[]::new)));

    assertThat(item.boaOffsetApplied()).contains(true);
    assertThat(item.processingBaseline()).contains("05.10");
    assertThat(scene.datetime()).isEqualTo(Instant.parse("2024-03-11T14:14:33.123Z"));
    assertThat(scene.gsd()).isEqualTo(10);
    assertThat(scene.bands()).extracting(BandAsset::band).isEqualTo(bands);
    assertThat(scene.bands())
        .allSatisfy(
            band -> {
              assertThat(band.nodata()).hasValue(0);
              assertThat(band.index()).isEqualTo(1);
              assertThat(band.object().bucket()).contains("sentinel-cogs");
              assertThat(sample.getParent().resolve(Path.of(band.object().key()).getFileName()))
                  .exists();
            });
    assertThat(scene.mask().orElseThrow().band().object().key()).endsWith("/SCL.tif");
    assertThat(scene.mask().orElseThrow().gridWidth()).hasValue(1100);
    assertThat(scene.storedOffset()).isEqualTo(StoredOffset.NONE);
  }
}
