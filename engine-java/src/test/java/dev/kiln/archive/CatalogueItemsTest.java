package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Items as the common catalogues write them: every band of a platform is found, and no other. */
class CatalogueItemsTest {
  private static final String TIFF = "image/tiff; application=geotiff; profile=cloud-optimized";

  private static Platform platform(String name) {
    return PlatformCatalog.builtIn().get(name);
  }

  /** An asset with its bands as {@code name:common name}. */
  private static String asset(String key, String href, String role, String... bands) {
    String list =
        List.of(bands).stream()
            .map(
                band -> {
                  String[] names = band.split(":");
                  return "{\"name\":\"%s\"%s}"
                      .formatted(
                          names[0],
                          names.length < 2 ? "" : ",\"common_name\":\"" + names[1] + "\"");
                })
            .collect(Collectors.joining(","));
    return "\"%s\":{\"href\":\"%s\",\"type\":\"%s\",\"roles\":[\"%s\"]%s}"
        .formatted(key, href, TIFF, role, bands.length == 0 ? "" : ",\"eo:bands\":[" + list + "]");
  }

  private static StacItem item(String id, String collection, String... assets) {
    String json =
        """
        {"type":"Feature","stac_version":"1.0.0","id":"%s","collection":"%s",
         "properties":{"datetime":"2023-06-01T10:00:00Z"},"assets":{%s}}
        """
            .formatted(id, collection, String.join(",", assets));
    return StacItem.parse("c/" + id + ".json", json.getBytes(StandardCharsets.UTF_8));
  }

  /** The objects of the bands, in the platform's order, with the number of a band in its file. */
  private static String objects(StacItem item, String platform, boolean masked) {
    return ItemAssets.map(item, platform(platform), masked).bands().stream()
        .map(band -> band.object().name() + "#" + band.index())
        .collect(Collectors.joining(" "));
  }

  private static final String SENTINEL_2 =
      "b/B02.tif#1 b/B03.tif#1 b/B04.tif#1 b/B05.tif#1 b/B06.tif#1 b/B07.tif#1 b/B08.tif#1"
          + " b/B8A.tif#1 b/B11.tif#1 b/B12.tif#1";

  private static String[] numbered(String prefix, String... common) {
    List<String> keys =
        List.of("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12");
    return IntStream.range(0, keys.size())
        .mapToObj(
            i ->
                asset(
                    keys.get(i),
                    prefix + keys.get(i) + ".tif",
                    "data",
                    common.length == 0 ? keys.get(i) : keys.get(i) + ":" + common[i]))
        .toArray(String[]::new);
  }

  private static String[] and(String[] assets, String... more) {
    return java.util.stream.Stream.concat(List.of(assets).stream(), List.of(more).stream())
        .toArray(String[]::new);
  }

  @Test
  void earthSearchV0NamesAssetsByBand() {
    StacItem item =
        item(
            "S2A_31UDQ_20230601_0_L2A",
            "sentinel-s2-l2a-cogs",
            and(
                numbered("s3://b/"),
                asset("overview", "s3://b/L2A_PVI.tif", "overview", "B04:red", "B03:green"),
                asset("visual", "s3://b/TCI.tif", "overview", "B04:red", "B03:green", "B02:blue"),
                asset("SCL", "s3://b/SCL.tif", "data")));
    assertThat(objects(item, "sentinel-2-l2a", true))
        .isEqualTo(SENTINEL_2.replace("b/", "s3://b/"));
    assertThat(
            ItemAssets.map(item, platform("sentinel-2-l2a")).mask().orElseThrow().band().object())
        .hasToString("s3://b/SCL.tif");
  }

  @Test
  void planetaryComputerRepeatsACommonName() {
    String[] common = {
      "coastal", "blue", "green", "red", "rededge", "rededge", "rededge", "nir", "rededge", "nir09",
      "swir16", "swir22"
    };
    StacItem item =
        item(
            "S2A_MSIL2A_20230601T105031_R051_T31UDQ_20230601T163403",
            "sentinel-2-l2a",
            and(
                numbered("https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/b/", common),
                asset("SCL", "https://sentinel2l2a01.blob.core.windows.net/c/b/SCL.tif", "data"),
                asset(
                    "visual",
                    "https://a.example.com/TCI.tif",
                    "data",
                    "B04:red",
                    "B03:green",
                    "B02:blue")));
    assertThat(objects(item, "sentinel-2-l2a", true))
        .isEqualTo(SENTINEL_2.replace("b/", "az://sentinel2-l2@sentinel2l2a01/b/"));
  }

  @Test
  void digitalEarthAustraliaHasNamesOfItsOwn() {
    List<String> names =
        List.of(
            "nbart_blue",
            "nbart_green",
            "nbart_red",
            "nbart_red_edge_1",
            "nbart_red_edge_2",
            "nbart_red_edge_3",
            "nbart_nir_1",
            "nbart_nir_2",
            "nbart_swir_2",
            "nbart_swir_3");
    StacItem item =
        item(
            "ga_s2am_ard_3-2-1_52LGM_2023-06-01_final",
            "ga_s2am_ard_3",
            names.stream()
                .map(name -> asset(name, "s3://dea/" + name + ".tif", "data", name))
                .toArray(String[]::new));
    assertThat(objects(item, "sentinel-2-l2a", false))
        .isEqualTo(
            names.stream()
                .map(name -> "s3://dea/" + name + ".tif#1")
                .collect(Collectors.joining(" ")));
  }

  @ParameterizedTest
  @CsvSource({
    "LC09_L2SP_199025_20230601_20230603_02_T1, 4 3 2 5 6 7",
    "LE07_L2SP_199025_20030601_20200915_02_T1, 3 2 1 4 5 7"
  })
  void landsatBandNumbersDependOnTheInstrument(String id, String numbers) {
    String[] assets =
        IntStream.rangeClosed(1, 7)
            .mapToObj(
                i -> asset("SR_B" + i + ".TIF", "s3://usgs-landsat/x/SR_B" + i + ".TIF", "data"))
            .toArray(String[]::new);
    StacItem item =
        item(
            id,
            "landsat-c2l2-sr",
            and(assets, asset("QA_PIXEL.TIF", "s3://usgs-landsat/x/QA_PIXEL.TIF", "data")));
    String expected =
        List.of(numbers.split(" ")).stream()
            .map(n -> "s3://usgs-landsat/x/SR_B" + n + ".TIF#1")
            .collect(Collectors.joining(" "));
    assertThat(objects(item, "landsat-c2l2-sr", true)).isEqualTo(expected);
  }

  @Test
  void landsatLookHasCommonNamesAndAlternates() {
    String[] assets =
        List.of("coastal:B1", "blue:B2", "green:B3", "red:B4", "nir08:B5", "swir16:B6", "swir22:B7")
            .stream()
            .map(
                pair -> {
                  String[] names = pair.split(":");
                  String file = "LC09_SR_" + names[1] + ".TIF";
                  return ("\"%s\":{\"href\":\"https://landsatlook.usgs.gov/data/%s\",\"type\":\"%s\","
                          + "\"eo:bands\":[{\"name\":\"%s\",\"common_name\":\"%s\"}],"
                          + "\"alternate\":{\"s3\":{\"href\":\"s3://usgs-landsat/%s\"}}}")
                      .formatted(names[0], file, TIFF, names[1], names[0], file);
                })
            .toArray(String[]::new);
    StacItem item =
        item(
            "LC09_L2SP_199025_20230601_20230603_02_T1_SR",
            "landsat-c2l2-sr",
            and(assets, asset("qa_pixel", "s3://usgs-landsat/QA_PIXEL.TIF", "data")));
    assertThat(objects(item, "landsat-c2l2-sr", true))
        .startsWith("s3://usgs-landsat/LC09_SR_B4.TIF#1 s3://usgs-landsat/LC09_SR_B3.TIF#1");
  }

  @Test
  void naipIsOneFileOfFourBands() {
    StacItem item =
        item(
            "nd_m_4709963_se_14_060_20200714",
            "naip",
            asset(
                "image",
                "https://naipeuwest.blob.core.windows.net/naip/v002/nd/m.tif",
                "data",
                "Red:red",
                "Green:green",
                "Blue:blue",
                "NIR:nir"));
    assertThat(objects(item, "naip", true))
        .isEqualTo(
            IntStream.rangeClosed(1, 4)
                .mapToObj(i -> "az://naip@naipeuwest/v002/nd/m.tif#" + i)
                .collect(Collectors.joining(" ")));
  }

  @ParameterizedTest
  @CsvSource({
    "linz, ./BQ31_1000_0101.tiff, c/BQ31_1000_0101.tiff",
    "openaerialmap, https://oin-hotosm.s3.amazonaws.com/5b/0/5b.tif, s3://oin-hotosm/5b/0/5b.tif"
  })
  void picturesAreUsedInTheOrderOfThePlatform(String collection, String href, String object) {
    StacItem item = item("BQ31", collection, asset("visual", href, "visual"));
    assertThat(objects(item, "linz", true)).isEqualTo("%1$s#1 %1$s#2 %1$s#3".formatted(object));
  }

  @Test
  void whatIsNoTiffIsListedWithWhatIsExpected() {
    // As in the Copernicus Data Space, whose Sentinel-2 bands are JPEG 2000.
    String jp2 =
        "\"B02_10m\":{\"href\":\"s3://eodata/B02_10m.jp2\",\"type\":\"image/jp2\"},"
            + "\"SCL_20m\":{\"href\":\"s3://eodata/SCL_20m.jp2\",\"type\":\"image/jp2\"}";
    StacItem item = item("S2A_MSIL2A_20230601", "sentinel-2-l2a", jp2);
    assertThatThrownBy(() -> objects(item, "sentinel-2-l2a", true))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("no asset for blue, green, red")
        .hasMessageContaining("blue: also B02, B2, nbart_blue, B02_10m")
        .hasMessageContaining("found B02_10m (not a TIFF), SCL_20m (not a TIFF)")
        .hasMessageContaining("--band-aliases");
  }

  @Test
  void usersExtendTheNames(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("aliases.yaml");
    Files.writeString(
        file,
        """
        - platform: linz
          items: "MINE-.*"
          bands: &mine
            red: rot
            green: [gruen, grün]
            blue: blau
        - platform: naip
          bands:
            <<: *mine
            nir: nah
        """);
    BandAliases aliases = BandAliases.load(file);
    assertThat(aliases.identity(platform("linz")))
        .matches("[0-9a-f]{16}")
        .isEqualTo(BandAliases.load(file).identity(platform("linz")))
        .isNotEqualTo(aliases.identity(platform("naip")));
    assertThat(aliases.identity(platform("sentinel-2-l2a"))).isEqualTo("standard");
    assertThat(BandAliases.standard().identity(platform("linz"))).isEqualTo("standard");
    String[] assets = {
      asset("rot", "r.tif", "data"), asset("grün", "g.tif", "data"), asset("blau", "b.tif", "data")
    };
    assertThat(ItemAssets.map(item("MINE-1", "x", assets), platform("linz"), true, aliases).bands())
        .extracting(band -> band.object().name())
        .containsExactly("c/r.tif", "c/g.tif", "c/b.tif");
    assertThatThrownBy(
            () -> ItemAssets.map(item("OTHER", "x", assets), platform("linz"), true, aliases))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("found rot, grün, blau");
    assertThat(aliases.names(platform("naip"), "any", "nir"))
        .startsWith("nir", "nah")
        .contains("NIR1");
    assertThat(aliases.names(platform("naip"), "any", "red")).startsWith("red", "rot");
  }

  @Test
  void usersChooseAmongAssetsWithTheSameBands(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("aliases.yaml");
    Files.writeString(
        file,
        """
        - platform: linz
          bands: {red: "q:red", green: "q:green", blue: "q:blue"}
        """);
    String[] assets = {
      asset("p", "p.tif", "data", "blue", "green", "red"),
      asset("q", "q.tif", "data", "blue", "green", "red")
    };
    StacItem item = item("A", "x", assets);

    assertThatThrownBy(() -> ItemAssets.map(item, platform("linz"), true, BandAliases.standard()))
        .hasMessageContaining("expected one asset, found p, q")
        .hasMessageContaining("choose one in --band-aliases, as p:red");
    assertThat(ItemAssets.map(item, platform("linz"), true, BandAliases.load(file)).bands())
        .extracting(band -> band.object().name() + " " + band.index())
        .containsExactly("c/q.tif 3", "c/q.tif 2", "c/q.tif 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "platform: x|expected a list of platforms",
        "- {bands: {red: r}}|expected platform and bands",
        "- {platform: p, bands: {red: [1]}}|expected a name or a list of names",
        "- {platform: p, items: '(', bands: {red: r}}|invalid regular expression",
        "- {platform: p, platform: q, bands: {red: r}}|invalid YAML"
      })
  void malformedNamesAreRefused(String yaml, String message, @TempDir Path directory)
      throws Exception {
    Path file = directory.resolve("aliases.yaml");
    Files.writeString(file, yaml);
    assertThatThrownBy(() -> BandAliases.load(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--band-aliases " + file)
        .hasMessageContaining(message);
  }
}
