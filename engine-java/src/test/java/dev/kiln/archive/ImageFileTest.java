package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Time and bands of plain image files. */
class ImageFileTest {
  private static final Platform LINZ = PlatformCatalog.builtIn().get("linz");
  private static final Platform NAIP = PlatformCatalog.builtIn().get("naip");
  private static final Platform BGRN =
      new Platform("bgrn", 0.1, List.of(band("blue"), band("green"), band("red"), band("nir")));

  private static Band band(String name) {
    return new Band(name, 100, 40, 0.6);
  }

  private static List<String> list(String text) {
    return List.of((text == null ? "" : text).split("/", -1));
  }

  private static List<Integer> numbers(
      Platform platform, String names, String colours, Optional<String> bands) {
    List<String> named = list(names);
    List<String> coloured = colours == null ? Collections.nCopies(named.size(), "") : list(colours);
    List<String> all = names == null ? Collections.nCopies(coloured.size(), "") : named;
    FileOptions options =
        new FileOptions(Optional.empty(), Optional.empty(), bands.map(BandOrder::parse));
    return new ImageFile("a/x_20240301.tif", all, coloured, Optional.empty())
        .scene(platform, options).bands().stream().map(BandAsset::index).toList();
  }

  @ParameterizedTest
  @CsvSource({
    // Names.
    "linz, Blue/Green/Red, , 3/2/1",
    "naip, Red/Green/Blue/NIR, red/green/blue/alpha, 1/2/3/4",
    "naip, nir/red/green/blue, , 2/3/4/1",
    "naip, red/green/blue/Near Infrared, , 1/2/3/4",
    "linz, red/green/blue/dsm, , 1/2/3",
    // Colours.
    "linz, , red/green/blue, 1/2/3",
    "linz, , red/green/blue/alpha, 1/2/3",
    "linz, Band 1/Band 2/Band 3/Band 4, red/green/blue/alpha, 1/2/3",
    "linz, , blue/green/red, 3/2/1",
    "bgrn, , red/green/blue/, 3/2/1/4",
    "naip, , red/green/blue/alpha, 1/2/3/4",
    // The platform's order.
    "naip, , gray///, 1/2/3/4",
    "bgrn, , ////alpha, 1/2/3/4",
    "linz, band_1/band_2/b3, , mismatch",
    "linz, band_1/band_2/band_3, , 1/2/3",
  })
  void bandsAreFoundByNameThenByColourThenByOrder(
      String platform, String names, String colours, String expected) {
    Platform wanted = platform.equals("linz") ? LINZ : platform.equals("naip") ? NAIP : BGRN;
    if (expected.equals("mismatch")) {
      assertThatThrownBy(() -> numbers(wanted, names, colours, Optional.empty()))
          .isInstanceOf(SceneException.class);
      return;
    }
    assertThat(numbers(wanted, names, colours, Optional.empty()))
        .containsExactlyElementsOf(list(expected).stream().map(Integer::valueOf).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "blue,green,red,- | 3/2/1",
        "Blue, GREEN ,red,- | 3/2/1",
        "-,red,green,blue | 2/3/4",
        "3,2,1 | 3/2/1",
        "4,1,2 | 4/1/2",
      })
  void statedBandsComeBeforeWhatTheFileSays(String bands, String expected) {
    assertThat(numbers(LINZ, "red/green/blue/x", null, Optional.of(bands)))
        .containsExactlyElementsOf(list(expected).stream().map(Integer::valueOf).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"blue,green,red", "3,2,5"})
  void statedBandsThatTheFileDoesNotHaveFail(String bands) {
    assertThatThrownBy(() -> numbers(LINZ, "red/green/blue/x", null, Optional.of(bands)))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("expected the bands of --bands " + bands)
        .hasMessageContaining("found 4 (red, green, blue, x)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Coastal/B2 | | found 2 (Coastal, B2)",
        "red/green/azure | | found 3 (red, green, azure)",
        "red/red/green/blue | | found 4 (red, red, green, blue)",
        " | gray | found 1 (gray)",
        " | //// | found 5 (unnamed, unnamed, unnamed, unnamed, unnamed)",
      })
  void otherBandsAreListedBesideTheExpectedOnes(String names, String colours, String found) {
    assertThatThrownBy(() -> numbers(LINZ, names, colours, Optional.empty()))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("a/x_20240301.tif")
        .hasMessageContaining(
            "expected the 3 bands of linz (red, green, blue), "
                + found
                + ": state them with --bands");
  }

  @Test
  void alphaIsNoDataBandExceptInNaip() {
    assertThatThrownBy(() -> numbers(BGRN, null, "red/green/blue/alpha", Optional.empty()))
        .hasMessageContaining("found 4 (red, green, blue, alpha)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "red,,blue", "red,1,2", "red,red,blue", "0,1,2", "-,-", "1,1,2"})
  void bandsThatAreNoOrderAreRefused(String bands) {
    assertThatThrownBy(() -> BandOrder.parse(bands))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--bands: expected names of the file's bands such as");
  }

  @ParameterizedTest
  @ValueSource(strings = {"red,green", "1,2", "1,2,3,4", "red,green,nir"})
  void bandsOfAnotherPlatformAreRefused(String bands) {
    assertThatThrownBy(() -> BandOrder.parse(bands).requireFits(LINZ))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--bands: expected the 3 bands of linz (red, green, blue), found " + bands);
  }

  @ParameterizedTest
  @CsvSource({
    "a/x_20240301.tif, , , , 2024-03-01T12:00:00Z, file name",
    "a/x_20240301.tif, 2024:03:02 09:00:00, , , 2024-03-01T12:00:00Z, file name",
    "a/x_20240301.tif, 2025:01:02 09:00:00, , , 2024-03-01T12:00:00Z, file name; the TIFF's"
        + " DateTime is 2025-01-02T09:00:00Z",
    "a/x.tif, 2024:05:06 07:08:09, , , 2024-05-06T07:08:09Z, TIFF's DateTime",
    "a/x.tif, 2024-05-06T07:08:09+12:00, , , 2024-05-05T19:08:09Z, TIFF's DateTime",
    "a/x.tif, 2024:05:06 07:08:09.5-0330, , , 2024-05-06T10:38:09Z, TIFF's DateTime",
    "a/x.tif, 2024:05:06, , , 2024-05-06T12:00:00Z, TIFF's DateTime",
    "a/x_20240301.tif, 2024:05:06 07:08:09, 2020-02-03, , 2020-02-03T12:00:00Z, option",
    "2021/077/x_20240301.tif, , , {year}/{doy}, 2021-03-18T12:00:00Z, --date-pattern",
  })
  void timeIsStatedOrInTheNameOrInTheHeader(
      String key, String tag, String option, String pattern, Instant expected, String source) {
    Scene scene =
        new ImageFile(key, List.of("", "", ""), List.of("", "", ""), Optional.ofNullable(tag))
            .scene(
                LINZ,
                new FileOptions(
                    Optional.ofNullable(option).map(FileOptions::parseDatetime),
                    Optional.ofNullable(pattern).map(DatePattern::parse),
                    Optional.empty()));
    assertThat(scene.datetime()).isEqualTo(expected);
    assertThat(scene.decisions()).containsEntry("datetime", expected + " (" + source + ")");
    assertThat(scene.itemId()).isEqualTo(key.replaceAll(".*/|\\.tif", ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0000:00:00 00:00:00",
        "yesterday",
        "2024:13:01 00:00:00",
        "2048:10:24 00:00:00",
        "1970:01:01 00:00:00",
        "2024:05:06 07:08:09+99:00",
        ""
      })
  void fileWithoutADateFails(String tag) {
    assertThatThrownBy(
            () ->
                new ImageFile("a/x.tif", List.of("", "", ""), List.of("", "", ""), Optional.of(tag))
                    .scene(LINZ, FileOptions.NONE))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("a/x.tif")
        .hasMessageContaining("no date")
        .hasMessageContaining("--datetime or --date-pattern");
  }

  @ParameterizedTest
  @ValueSource(strings = {"2024", "2024-03", "2024-03-01/2024-04-01", "1.3.2024", "2024-02-30"})
  void datetimeThatIsNoTimeIsRefused(String text) {
    assertThatThrownBy(() -> FileOptions.parseDatetime(text))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--datetime")
        .hasMessageEndingWith("found '" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "x.tif, true",
    "X.TIFF, true",
    "a/b.vrt, true",
    "https://h/x.tif?sig=a/b, true",
    "https://h/x.json?file=a.tif, false",
    "x.json, false",
    "tif, false"
  })
  void imagesAreKnownByTheirSuffix(String key, boolean image) {
    assertThat(ImageFile.isImage(key)).isEqualTo(image);
  }
}
