package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ItemAssetsTest {
  private static final Platform SENTINEL_2 =
      StacItemTest.platform(
          "sentinel-2-l2a",
          10,
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
  private static final Platform RGBN =
      StacItemTest.platform("satellogic-MSI-L1D", 1, "red", "green", "blue", "nir");

  private static StacItem item(String assets) throws SceneException {
    return StacItemTest.parse(
        """
        {"id": "i", "properties": {"datetime": "2024-01-01T00:00:00Z", "proj:epsg": 32633},
         "assets": {%s}}\
        """
            .formatted(assets));
  }

  private static List<String> places(ItemAssets assets) {
    return assets.bands().stream().map(band -> band.object().key() + "#" + band.index()).toList();
  }

  private static void assertRefused(StacItem item, Platform platform, String... reasons) {
    assertThatThrownBy(() -> ItemAssets.map(item, platform))
        .isInstanceOfSatisfying(
            SceneException.class,
            fault -> {
              assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT);
              assertThat(fault.key()).isEqualTo(StacItemTest.KEY);
              assertThat(fault.reason()).contains(reasons);
            });
  }

  @Test
  void findsSentinel2BandsByAssetNameWithoutJpeg2000Copies() throws IOException, SceneException {
    ItemAssets assets = ItemAssets.map(StacItemTest.read("sentinel-2-item.json"), SENTINEL_2);

    assertThat(places(assets))
        .containsExactly(
            "p/B02.tif#1",
            "p/B03.tif#1",
            "x/B04.tif#1",
            "x/B05.tif#1",
            "x/B06.tif#1",
            "x/B07.tif#1",
            "x/B08.tif#1",
            "x/B8A.tif#1",
            "x/B11.tif#1",
            "x/B12.tif#1");
    assertThat(assets.bands().get(0).nodata()).hasValue(0);
    assertThat(assets.bands().get(1).nodata()).isEmpty();
    Mask mask = assets.mask().orElseThrow();
    assertThat(mask.band().object().key()).isEqualTo("x/SCL.tif");
    assertThat(mask.classes()).isEqualTo(PixelClasses.SCENE_CLASSIFICATION);
    // Only one of its bands states its size.
    assertThat(mask.gridWidth()).isEmpty();
    assertThat(assets.gsd()).isEqualTo(10);
  }

  @Test
  void nodataOfAnAssetAppliesToBandsWithoutTheirOwn() throws IOException, SceneException {
    ItemAssets assets =
        ItemAssets.map(
            StacItemTest.read("landsat-item.json"),
            StacItemTest.platform("landsat-c2l2-sr", 30, "green", "red"));

    assertThat(assets.bands().get(0).nodata()).hasValue(0);
    assertThat(assets.bands().get(1).nodata()).isEmpty();
  }

  @Test
  void findsSingleBandFilesByCommonName() throws SceneException {
    StacItem item =
        item(
            """
            "B02": {"href": "2.tif", "eo:bands": [{"name": "B02", "common_name": "blue"}]},
            "B03": {"href": "3.tif", "bands": [{"name": "B03", "eo:common_name": "GREEN"}]},
            "B04": {"href": "4.tif", "eo:bands": [{"name": "red"}]},
            "B08": {"href": "8.tif", "eo:bands": [{"name": "B08", "common_name": "nir"}]},
            "tci": {"href": "t.tif", "roles": ["visual"], "eo:bands":
              [{"common_name": "red"}, {"common_name": "green"}, {"common_name": "blue"}]}\
            """);

    assertThat(places(ItemAssets.map(item, RGBN)))
        .containsExactly("x/4.tif#1", "x/3.tif#1", "x/2.tif#1", "x/8.tif#1");
  }

  @Test
  void findsBandsOfOneFileByCommonNameInAnyOrder() throws SceneException {
    StacItem item =
        item(
            """
            "image": {"href": "i.tif", "eo:bands": [{"common_name": "blue"},
              {"common_name": "green"}, {"common_name": "red"}, {"common_name": "nir"}]}\
            """);

    assertThat(places(ItemAssets.map(item, RGBN)))
        .containsExactly("x/i.tif#3", "x/i.tif#2", "x/i.tif#1", "x/i.tif#4");
  }

  @Test
  void usesAnImageForDisplayOnlyWithoutData() throws SceneException {
    StacItem item =
        item(
            """
            "visual": {"href": "v.tif", "roles": ["visual"], "eo:bands": [{"common_name": "red"},
              {"common_name": "green"}, {"common_name": "blue"}]}\
            """);

    assertThat(
            places(
                ItemAssets.map(item, StacItemTest.platform("linz", 0.5, "red", "green", "blue"))))
        .containsExactly("x/v.tif#1", "x/v.tif#2", "x/v.tif#3");
  }

  @Test
  void usesNoBandOfAnImageForDisplayIfThereIsData() throws SceneException {
    assertRefused(
        item(
            """
            "green": {"href": "g.tif"},
            "visual": {"href": "v.tif", "roles": ["visual"], "eo:bands": [{"common_name": "red"},
              {"common_name": "green"}, {"common_name": "blue"}]}\
            """),
        StacItemTest.platform("linz", 0.5, "red", "green", "blue"),
        "no asset for red, blue of linz");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'data': {'href': 'd.tif'}, 'udm': {'href': 'u.tif'}",
        "'image': {'href': 'd.tif'}, 'meta': {'href': 'm.json', 'type': 'application/json'}",
        "'analytic': {'href': 'd.tif', 'raster:bands': [{}, {}, {}, {}]}, 'udm': {'href': 'u.tif'}",
        "'a': {'href': 'd.tif', 'bands': [{'name': 'b1'}, {'name': 'b2'}, {'name': 'b3'},"
            + " {'name': 'b4'}]}"
      })
  void usesTheBandsOfOneFileInOrder(String assets) throws SceneException {
    assertThat(places(ItemAssets.map(item(assets.replace('\'', '"')), RGBN)))
        .containsExactly("x/d.tif#1", "x/d.tif#2", "x/d.tif#3", "x/d.tif#4");
  }

  @Test
  void usesTheGsdOfTheItemOrElseOfThePlatform() throws SceneException {
    assertThat(ItemAssets.map(item("\"data\": {\"href\": \"d.tif\"}"), RGBN).gsd()).isEqualTo(1);
    assertThat(ItemAssets.map(item("\"data\": {\"href\": \"d.tif\", \"gsd\": 0.7}"), RGBN).gsd())
        .isEqualTo(0.7);
  }

  @Test
  void usesTheWidthOfTheFinestBand() throws SceneException {
    StacItem item =
        item(
            """
            "red": {"href": "r.tif", "proj:shape": [1200, 1100]},
            "nir08": {"href": "n.tif", "proj:shape": [600, 550]},
            "scl": {"href": "s.tif", "proj:shape": [600, 550]}\
            """);
    Platform platform = StacItemTest.platform("sentinel-2-l2a", 10, "nir08", "red");

    assertThat(ItemAssets.map(item, platform).mask().orElseThrow().gridWidth()).hasValue(1100);
  }

  @Test
  void maskIsRequiredUnlessAnyFractionIsAccepted() throws SceneException {
    Platform platform = StacItemTest.platform("sentinel-2-l2a", 10, "red");

    assertRefused(
        item("\"red\": {\"href\": \"r.tif\"}"), platform, "no TIFF asset scl", "--max-cloud 1");
    assertRefused(
        item("\"red\": {\"href\": \"r.tif\"}, \"scl\": {\"href\": \"s.jp2\"}"),
        platform,
        "no TIFF asset scl");
    assertThat(ItemAssets.map(item("\"red\": {\"href\": \"r.tif\"}"), platform, false).mask())
        .isEmpty();
    assertThat(
            ItemAssets.map(
                    item("\"red\": {\"href\": \"r.tif\"}, \"SCL\": {\"href\": \"s.tif\"}"),
                    platform)
                .mask())
        .isPresent();
    assertThat(ItemAssets.map(item("\"data\": {\"href\": \"d.tif\"}"), RGBN).mask()).isEmpty();
  }

  @Test
  void errorsNameMissingBands() throws IOException, SceneException {
    assertRefused(
        item("\"green\": {\"href\": \"g.tif\"}, \"red-jp2\": {\"href\": \"r.jp2\"}"),
        RGBN,
        "no asset for red, blue, nir of satellogic-MSI-L1D",
        "found green, red-jp2 (not a TIFF)");
    assertRefused(item(""), RGBN, "no asset for red, green, blue, nir", "found no assets");
    assertRefused(
        item("\"a\": {\"href\": \"a.tif\", \"raster:bands\": [{}, {}]}"), RGBN, "no asset for red");
    assertRefused(
        item("\"a\": {\"href\": \"a.tif\"}, \"b\": {\"href\": \"b.tif\"}"),
        RGBN,
        "no asset for red");
  }

  @Test
  void rejectsAnAmbiguousBand() throws SceneException {
    assertRefused(
        item(
            """
            "B05": {"href": "5.tif", "eo:bands": [{"common_name": "rededge"}]},
            "B06": {"href": "6.tif", "eo:bands": [{"common_name": "rededge"}]}\
            """),
        StacItemTest.platform("p", 10, "rededge"),
        "band rededge: expected one asset, found B05, B06: choose one in --band-aliases, as B05:rededge");
  }

  @Test
  void onlyImageIsUsedInThePlatformsOrder() throws SceneException {
    Platform rgb = StacItemTest.platform("linz", 0.5, "red", "green", "blue");
    StacItem item = item("\"visual\": {\"href\": \"./a.tiff\", \"roles\": [\"visual\"]}");
    assertThat(ItemAssets.map(item, rgb).bands())
        .extracting(band -> band.object().name() + "#" + band.index())
        .containsExactly("x/a.tiff#1", "x/a.tiff#2", "x/a.tiff#3");
  }

  @ParameterizedTest
  @CsvSource({
    "application/octet-stream, a.tif, true",
    "binary/octet-stream, a.TIFF?sig=1, true",
    "application/octet-stream, a.jp2, false",
    "image/jp2, a.tif, false"
  })
  void suffixDecidesForAGenericMediaType(String type, String href, boolean tiff) {
    StacItem item = item("\"a\": {\"href\": \"" + href + "\", \"type\": \"" + type + "\"}");
    assertThat(item.assets().get("a").isTiff()).isEqualTo(tiff);
  }

  @Test
  void itemNeedsNoProjection() throws SceneException {
    StacItem item =
        StacItemTest.parse(
            """
            {"id": "i", "properties": {"datetime": "2024-01-01T00:00:00Z"},
             "assets": {"red": {"href": "red.tif"}}}\
            """);

    Scene scene = item.scene(StacItemTest.platform("p", 10, "red"));

    assertThat(scene.bands()).extracting(BandAsset::band).containsExactly("red");
  }

  @Test
  void rejectsABandWithAnInvalidHref() throws SceneException {
    assertRefused(
        item("\"red\": {\"href\": \"ftp://example.org/red.tif\"}"),
        StacItemTest.platform("p", 10, "red"),
        "ftp://example.org/red.tif");
  }
}
