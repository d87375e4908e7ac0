package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Items in the shape of providers whose assets have the names of the platform's bands, but other
 * files with the same bands beside them. {@link CatalogueItemsTest} has those with other names.
 */
class ProviderItemsTest {
  private static final String COG = "image/tiff; application=geotiff; profile=cloud-optimized";

  private static Platform platform(String name) {
    return PlatformCatalog.builtIn().get(name);
  }

  /**
   * Returns an item of assets {@code KEY[=NAME:COMMON,…][/TYPE]}: with the bands of {@code
   * eo:bands} and one of the types cog, jp2, png and xml; the role is visual for display.
   */
  private static StacItem item(String id, String collection, String assets) {
    String json =
        List.of(assets.split(" +")).stream()
            .map(ProviderItemsTest::asset)
            .collect(Collectors.joining(","));
    return StacItem.parse(
        "c/i.json",
        """
        {"type":"Feature","stac_version":"1.0.0","id":"%s","collection":"%s",
         "properties":{"datetime":"2023-06-01T10:00:00Z"},"assets":{%s}}
        """
            .formatted(id, collection, json)
            .getBytes(StandardCharsets.UTF_8));
  }

  private static String asset(String text) {
    String type = text.contains("/") ? text.substring(text.indexOf('/') + 1) : "cog";
    String[] parts = text.replaceFirst("/.*", "").split("=", 2);
    String bands =
        parts.length < 2
            ? ""
            : List.of(parts[1].split(",")).stream()
                .map(
                    band -> {
                      String[] names = band.split(":");
                      return "{\"name\":\"%s\",\"common_name\":\"%s\"}"
                          .formatted(names[0], names[names.length - 1]);
                    })
                .collect(Collectors.joining(",", ",\"eo:bands\":[", "]"));
    String media =
        switch (type) {
          case "jp2" -> "image/jp2";
          case "png" -> "image/png";
          case "xml" -> "application/xml";
          default -> COG;
        };
    String role =
        parts[0].matches("visual|thumbnail|rendered_preview|overview") ? "visual" : "data";
    return "\"%s\":{\"href\":\"%s.%s\",\"type\":\"%s\",\"roles\":[\"%s\"]%s}"
        .formatted(parts[0], parts[0], type.equals("cog") ? "tif" : type, media, role, bands);
  }

  private static String files(StacItem item, String platform, boolean masked) {
    ItemAssets assets = ItemAssets.map(item, platform(platform), masked);
    String bands =
        assets.bands().stream()
            .map(
                b ->
                    b.object().name().replaceAll("c/|\\.tif", "")
                        + (b.index() > 1 ? b.index() : ""))
            .collect(Collectors.joining(" "));
    return bands + assets.mask().map(m -> " | " + m.band().object().name()).orElse("");
  }

  @Test
  void sentinel2OfEarthSearchV1() {
    StacItem item =
        item(
            "S2A_31UDQ_20230601_0_L2A",
            "sentinel-2-l2a",
            "aot blue=blue:blue coastal=coastal:coastal granule_metadata/xml green=green:green"
                + " nir=nir:nir nir08=nir08:nir08 nir09=nir09:nir09 red=red:red"
                + " rededge1=rededge1:rededge rededge2=rededge2:rededge rededge3=rededge3:rededge"
                + " scl swir16=swir16:swir16 swir22=swir22:swir22 thumbnail/png"
                + " visual=red:red,green:green,blue:blue wvp aot-jp2/jp2 blue-jp2=blue:blue/jp2"
                + " red-jp2=red:red/jp2 visual-jp2=red:red,green:green,blue:blue/jp2");
    assertThat(files(item, "sentinel-2-l2a", true))
        .isEqualTo("blue green red rededge1 rededge2 rededge3 nir nir08 swir16 swir22 | c/scl.tif");
  }

  @Test
  void naipOfEarthSearchV1() {
    StacItem item =
        item(
            "nd_m_4709963_se_14_060_20200714_20201215",
            "naip",
            "image=red:red,green:green,blue:blue,nir:nir metadata/xml thumbnail/png");
    assertThat(files(item, "naip", true)).isEqualTo("image image2 image3 image4");
  }

  @ParameterizedTest
  @CsvSource({
    "LC09_L2SP_199025_20230601_02_T1, coastal=OLI_B1:coastal blue=OLI_B2:blue green=OLI_B3:green"
        + " red=OLI_B4:red nir08=OLI_B5:nir08 swir16=OLI_B6:swir16 swir22=OLI_B7:swir22"
        + " lwir11=TIRS_B10:lwir11",
    "LE07_L2SP_199025_20030601_02_T1, blue=ETM_B1:blue green=ETM_B2:green red=ETM_B3:red"
        + " nir08=ETM_B4:nir08 swir16=ETM_B5:swir16 swir22=ETM_B7:swir22 lwir=ETM_B6:lwir",
    "LT05_L2SP_199025_20030601_02_T1, blue=TM_B1:blue green=TM_B2:green red=TM_B3:red"
        + " nir08=TM_B4:nir08 swir16=TM_B5:swir16 swir22=TM_B7:swir22 lwir=TM_B6:lwir"
  })
  void landsatOfThePlanetaryComputer(String id, String bands) {
    StacItem item =
        item(
            id,
            "landsat-c2-l2",
            "qa ang/xml mtl.xml/xml drad emis emsd trad urad atran cdist "
                + bands
                + " qa_pixel qa_radsat rendered_preview/png");
    assertThat(files(item, "landsat-c2l2-sr", true))
        .isEqualTo("red green blue nir08 swir16 swir22 | c/qa_pixel.tif");
  }

  @Test
  void landsatLevel1OfLandsatLook() {
    StacItem item =
        item(
            "LC09_L1TP_199025_20230601_20230601_02_T1",
            "landsat-c2l1",
            "thumbnail/png reduced_resolution_browse/png index/xml coastal=B1:coastal blue=B2:blue"
                + " green=B3:green red=B4:red nir08=B5:nir08 swir16=B6:swir16 swir22=B7:swir22"
                + " pan=B8:pan cirrus=B9:cirrus lwir11=B10:lwir11 lwir12=B11:lwir12 qa_pixel VAA"
                + " VZA SAA SZA");
    assertThat(files(item, "landsat-c2l1", true))
        .startsWith("red green blue nir08 swir16 swir22")
        .doesNotContain("pan", "lwir");
    assertThatThrownBy(() -> item.scene(platform("landsat-c2l2-sr")))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("expected level 2 of Landsat");
  }

  @Test
  void radarAndModisOfThePlanetaryComputer() {
    StacItem radar =
        item(
            "S1A_IW_GRDH_1SDV_20230601T053000_rtc",
            "sentinel-1-rtc",
            "vh vv tilejson/xml rendered_preview/png");
    assertThat(files(radar, "sentinel-1-rtc", true)).isEqualTo("vv vh");
    String qualities = " sur_refl_qc_500m sur_refl_szen sur_refl_vzen sur_refl_state_500m hdf/xml";
    StacItem composite =
        item(
            "MYD09A1.A2023153.h18v04.061",
            "modis-09A1-061",
            "sur_refl_b01 sur_refl_b02 sur_refl_b03 sur_refl_b04 sur_refl_b05 sur_refl_b06"
                + " sur_refl_b07 sur_refl_raz sur_refl_day_of_year"
                + qualities);
    assertThat(files(composite, "modis", true))
        .isEqualTo(
            "sur_refl_b01 sur_refl_b02 sur_refl_b03 sur_refl_b04 sur_refl_b05 sur_refl_b06"
                + " sur_refl_b07");
    StacItem daily =
        item(
            "MOD09GA.A2023153.h18v04.061",
            "modis-09GA-061",
            "sur_refl_b01_1 sur_refl_b02_1 sur_refl_b03_1 sur_refl_b04_1 sur_refl_b05_1"
                + " sur_refl_b06_1 sur_refl_b07_1 num_observations_500m"
                + qualities);
    assertThat(files(daily, "modis", true)).startsWith("sur_refl_b01_1 sur_refl_b02_1");
  }

  @Test
  void openAerialMapHasOnePicture() {
    StacItem item =
        item(
            "5b5f1e8a",
            "openaerialmap",
            "metadata/xml thumbnail/png visual=b1:red,b2:green,b3:blue");
    assertThat(files(item, "linz", true)).isEqualTo("visual visual2 visual3");
  }

  @Test
  void reflectanceOfAnotherScaleAndMissingMasksAreRefused() {
    String bands =
        "nbart_blue nbart_green nbart_red nbart_nir nbart_swir_1 nbart_swir_2 oa_fmask"
            + " oa_nbart_contiguity nbart:thumbnail/png";
    // Digital Earth Australia's Landsat has reflectance times 10,000, not that of Collection 2.
    assertThatThrownBy(
            () ->
                files(item("ga_ls8c_ard_3-2-1", "ga_ls8c_ard_3", bands), "landsat-c2l2-sr", false))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("no asset for red, green, blue")
        .hasMessageContaining("found nbart_blue, nbart_green");
    StacItem sentinel =
        item(
            "ga_s2am_ard_3-2-1_52LGM",
            "ga_s2am_ard_3",
            "nbart_coastal_aerosol nbart_blue nbart_green nbart_red nbart_red_edge_1"
                + " nbart_red_edge_2 nbart_red_edge_3 nbart_nir_1 nbart_nir_2 nbart_swir_2"
                + " nbart_swir_3 oa_fmask oa_s2cloudless_mask");
    assertThatThrownBy(() -> files(sentinel, "sentinel-2-l2a", true))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("no TIFF asset scl")
        .hasMessageContaining("--max-cloud 1 --max-nodata 1");
    assertThat(files(sentinel, "sentinel-2-l2a", false).split(" ")).hasSize(10);
  }
}
