package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Fields of items as providers of all versions of STAC write them. Each case is one that recorded
 * items of a provider have; names and numbers are others.
 */
class ProviderFieldsTest {
  private static StacItem item(String id, String properties, String assets) {
    return StacItem.parse(
        "c/i.json",
        """
        {"type":"Feature","id":"%s","properties":{%s},"assets":{%s}}
        """
            .formatted(id, properties, assets)
            .getBytes(StandardCharsets.UTF_8));
  }

  private static Platform platform(String name) {
    return PlatformCatalog.builtIn().get(name);
  }

  private static final String NOW = "\"datetime\":\"2023-06-01T10:00:00Z\"";

  /** Returns assets {@code KEY[=BAND:COMMON]} without types and roles. */
  private static String tiffs(String assets) {
    return List.of(assets.split(" ")).stream()
        .map(
            text -> {
              String[] parts = text.split("[=:]");
              String bands =
                  parts.length < 3
                      ? ""
                      : ",\"eo:bands\":[{\"name\":\"%s\",\"common_name\":\"%s\"}]"
                          .formatted(parts[1], parts[2]);
              return "\"%1$s\":{\"href\":\"%1$s.tif\"%2$s}".formatted(parts[0], bands);
            })
        .collect(Collectors.joining(","));
  }

  private static String files(StacItem item, String platform) {
    return item.scene(platform(platform), false).bands().stream()
        .map(band -> band.object().name().replaceAll("c/|\\.(tif|TIF)", ""))
        .collect(Collectors.joining(" "));
  }

  // The offset of Sentinel-2.

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'sentinel:boa_offset_applied':true, 'sentinel:processing_baseline':'05.09' | NONE",
        "'sentinel:processing_baseline':'05.09' | PROBABLE",
        "'sentinel:processing_baseline':'02.14' | NONE",
        "'sentinel2:processing_baseline':'04.00' | PROBABLE",
        "'sentinel:product_id':'S2B_MSIL2A_20230601T100031_N0509_R122_T33UXP_20230601T131313' | PROBABLE",
        "'sentinel:product_id':'S2A_MSIL2A_20190601T100031_N0212_R122_T33UXP_20190601T131313' | NONE",
        "'s2:product_uri':'S2A_MSIL2A_20190601T100031_N0212_R122_T33UXP_20190601T131313.SAFE' | NONE",
        "'processing:version':'05.10' | PROBABLE",
        "'platform':'sentinel-2b' | UNKNOWN",
      })
  void offsetIsThatOfTheBaseline(String properties, StoredOffset expected) {
    StacItem item = item("S2B_33UXP", NOW + "," + properties.replace('\'', '"'), tiffs("B02"));
    assertThat(item.storedOffset(platform("sentinel-2-l2a"))).isEqualTo(expected);
  }

  @Test
  void baselineIsInTheIdOfAProduct() {
    // As in the Copernicus Data Space.
    String id = "S2A_MSIL2A_20230601T100031_N0509_R122_T33UXP_20230601T131313";
    assertThat(item(id, NOW, tiffs("B02")).storedOffset(platform("sentinel-2-l2a")))
        .isEqualTo(StoredOffset.PROBABLE);
    assertThat(
            item(id.replace("_N0509", ""), NOW, tiffs("B02"))
                .storedOffset(platform("sentinel-2-l2a")))
        .isEqualTo(StoredOffset.UNKNOWN);
  }

  // Landsat.

  @Test
  void qualityBandsOfCollection1AreNoMasks() {
    String bands =
        tiffs("B2=B2:blue B3=B3:green B4=B4:red B5=B5:nir B6=B6:swir16 B7=B7:swir22 BQA");
    StacItem item = item("LC08_L1TP_192031_20190601_20190610_01_T1", NOW, bands);
    assertThat(files(item, "landsat-c2l1")).isEqualTo("B4 B3 B2 B5 B6 B7");
    assertThat(item.scene(platform("landsat-c2l1"), false).mask()).isEmpty();
    assertThatThrownBy(() -> item.scene(platform("landsat-c2l1"), true))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("no TIFF asset qa_pixel")
        .hasMessageContaining("--max-cloud 1 --max-nodata 1");
  }

  @Test
  void reflectanceOfCollection1HasAnotherScale() {
    StacItem item =
        item(
            "LE07_L2SP_192031_20030601_20190610_01_T1",
            NOW,
            tiffs("blue green red nir08 swir16 swir22 pixel_qa"));
    assertThatThrownBy(() -> item.scene(platform("landsat-c2l2-sr")))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("expected Collection 2 of Landsat")
        .hasMessageContaining("found Collection 1 in id LE07_L2SP");
  }

  @Test
  void scenesBeforeCollectionsHaveShortIds() {
    StacItem item = item("LC81920312016153LGN00", NOW, tiffs("B1 B2 B3 B4 B5 B6 B7 BQA"));
    assertThat(files(item, "landsat-c2l1")).isEqualTo("B4 B3 B2 B5 B6 B7");
  }

  @Test
  void oneFileWithoutBandsIsNotTheImageIfOthersAreDescribed() {
    StacItem item = item("X", NOW, tiffs("B8=B8:pan B9=B9:cirrus BQA"));
    assertThatThrownBy(() -> files(item, "linz"))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("no asset for red, green, blue")
        .hasMessageContaining("found B8 (B8), B9 (B9), BQA");
  }

  // Names.

  @Test
  void aNameOfTheCatalogueDecidesWhereTheCommonNameIsAmbiguous() {
    // The harmonised Sentinel-2 of NASA calls two bands nir.
    String harmonized =
        "blue=B02:blue green=B03:green red=B04:red red_edge_1=B05:rededge red_edge_2=B06:rededge"
            + " red_edge_3=B07:rededge nir_broad=B08:nir nir_narrow=B8A:nir swir_1=B11:swir16"
            + " swir_2=B12:swir22 fmask";
    assertThat(
            files(
                item("HLS.S30.T33UXP.2023152T100031.v2.0", NOW, tiffs(harmonized)),
                "sentinel-2-l2a"))
        .isEqualTo(
            "blue green red red_edge_1 red_edge_2 red_edge_3 nir_broad nir_narrow swir_1 swir_2");
  }

  @Test
  void picturesAreKnownByNameWhereAssetsHaveNoRoles() {
    String bands =
        "\"eo:bands\":[{\"name\":\"blue\"},{\"name\":\"green\"},{\"name\":\"red\"},{\"name\":\"nir\"}]";
    String assets =
        """
        "analytic_0":{"href":"ms.tif","type":"image/tif",%s},
        "quicklook_0":{"href":"quick.tif","type":"image/tiff",%s}
        """
            .formatted(bands, bands);
    assertThat(files(item("20230601_SN30_L1", NOW, assets), "satellogic-MSI-L1D"))
        .isEqualTo("ms ms ms ms");
  }

  @Test
  void oldItemsListBandsOnce() {
    String properties =
        "\"datetime\":\"2019-06-01\",\"eo:gsd\":0.1,\"eo:bands\":[{\"name\":\"b1\",\"common_name\":\"red\"},"
            + "{\"name\":\"b2\",\"common_name\":\"green\"},{\"name\":\"b3\",\"common_name\":\"blue\"}]";
    String assets =
        """
        "a":{"href":"a.tif","type":"image/vnd.stac.geotiff; cloud-optimized=true","eo:bands":[2]},
        "b":{"href":"b.tif","type":"image/x.geotiff","eo:bands":[0]},
        "c":{"href":"c.tif","eo:bands":[1]},
        "d":{"href":"d.tif","eo:bands":[7]}
        """;
    StacItem item = item("x", properties, assets);
    assertThat(files(item, "linz")).isEqualTo("b c a");
    Scene scene = item.scene(platform("linz"));
    assertThat(scene.gsd()).isEqualTo(0.1);
    // Of a day without a time, as of a plain file.
    assertThat(scene.datetime()).isEqualTo(Instant.parse("2019-06-01T12:00:00Z"));
  }

  // Numbers.

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'raster:bands':[{'scale':0.0001,'offset':-0.1,'nodata':0}]",
        "'bands':[{'name':'red','raster:scale':0.0001,'raster:offset':-0.1,'nodata':0}]",
        "'bands':[{'name':'red'}],'raster:bands':[{'scale':0.0001,'offset':-0.1,'nodata':0}]",
        "'raster:scale':0.0001,'raster:offset':-0.1,'nodata':0",
        "'eo:bands':[{'name':'red'}],'raster:scale':0.0001,'raster:offset':-0.1,'nodata':0",
      })
  void scalesAndNodataOfBandsOrAssets(String fields) {
    String asset = "\"red\":{\"href\":\"r.tif\",%s}".formatted(fields.replace('\'', '"'));
    BandAsset red = band(item("x", NOW, asset));
    assertThat(red.scale()).contains(new StatedScale(0.0001, -0.1));
    assertThat(red.nodata()).hasValue(0);
  }

  private static BandAsset band(StacItem item) {
    return item.scene(StacItemTest.platform("p", 10, "red")).bands().get(0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'scale':1,'offset':0",
        "'scale':0",
        "'scale':'nan'",
        "'scale':'0.5'",
        "'offset':'-inf'",
        "'scale':null"
      })
  void scalesThatChangeNothingOrCannotBeAreNone(String fields) {
    String asset =
        "\"red\":{\"href\":\"r.tif\",\"raster:bands\":[{%s}]}".formatted(fields.replace('\'', '"'));
    assertThat(band(item("x", NOW, asset)).scale()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"nan,NaN", "inf,Infinity", "-inf,-Infinity"})
  void nodataThatJsonHasNoNumberFor(String text, double value) {
    String asset =
        "\"red\":{\"href\":\"r.tif\",\"raster:bands\":[{\"nodata\":\"%s\"}]}".formatted(text);
    assertThat(band(item("x", NOW, asset)).nodata()).isEqualTo(OptionalDouble.of(value));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'proj:code':'EPSG:32633' | EPSG:32633",
        "'proj:epsg':32633 | EPSG:32633",
        "'proj:epsg':'32633' | EPSG:32633",
        "'proj:epsg':32633.0 | EPSG:32633",
        "'proj:code':null,'proj:epsg':32633 | EPSG:32633",
        "'proj:epsg':null | ``",
        "'proj:epsg':'UTM' | ``",
      })
  void codesOfReferenceSystems(String fields, String expected) {
    StacItem item = item("x", NOW + "," + fields.replace('\'', '"'), tiffs("red"));
    assertThat(item.assets().get("red").crs().orElse("")).isEqualTo(expected);
  }
}
