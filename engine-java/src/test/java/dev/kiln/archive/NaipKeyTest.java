package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NaipKeyTest {
  private static final Platform NAIP = PlatformCatalog.builtIn().get("naip");

  @Test
  void findsBandsByName() throws SceneException {
    Platform reversed = new Platform("naip", 1, List.of(NAIP.bands().get(3), NAIP.bands().get(0)));

    assertThat(NaipKey.parse(TWO_DATES).scene(reversed).bands())
        .extracting(BandAsset::band, BandAsset::index)
        .containsExactly(tuple("nir", 4), tuple("red", 1));
  }

  private static final String TWO_DATES =
      "ca/2018/60cm/rgbir_cog/32114/m_3211401_nw_11_060_20180718_20190208.tif";

  @Test
  void parsesTheFirstDateAndTheResolutionOfThePath() throws SceneException {
    NaipKey key = NaipKey.parse(TWO_DATES);

    assertThat(key.itemId()).isEqualTo("m_3211401_nw_11_060_20180718_20190208");
    assertThat(key.acquired()).isEqualTo(LocalDate.of(2018, 7, 18));
    assertThat(key.gsd()).isEqualTo(0.6);
    assertThat(key.state()).isEqualTo("ca");
    assertThat(key.year()).isEqualTo(2018);
  }

  @Test
  void sceneHasFourBandsInOneFileAndNoon() throws SceneException {
    Scene scene = NaipKey.parse(TWO_DATES).scene(NAIP);

    assertThat(scene.datetime()).isEqualTo(Instant.parse("2018-07-18T12:00:00Z"));
    assertThat(scene.bands()).extracting(BandAsset::band).isEqualTo(NaipKey.BANDS);
    assertThat(scene.bands()).extracting(BandAsset::index).containsExactly(1, 2, 3, 4);
    assertThat(scene.bands())
        .allSatisfy(band -> assertThat(band.object()).isEqualTo(ObjectRef.inSource(TWO_DATES)));
    assertThat(scene.mask()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"60cm,0.6", "060cm,0.6", "030cm,0.3", "100cm,1.0", "1m,1.0", "0.6m,0.6"})
  void parsesResolutionsInCentimetresAndMetres(String resolution, double metres)
      throws SceneException {
    String key = "nd/2020/" + resolution + "/rgbir_cog/47099/m_4709963_se_14_1_20200831.tif";

    assertThat(NaipKey.parse(key).gsd()).isEqualTo(metres);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cm", "m", "0cm", "60", "sixtycm", "6.0cm", "1..m", ".5m", "9999999cm"})
  void rejectsInvalidResolutions(String resolution) {
    String key = "nd/2020/" + resolution + "/rgbir_cog/47099/m_4709963_se_14_1_20200831.tif";

    assertThatThrownBy(() -> NaipKey.parse(key))
        .isInstanceOfSatisfying(
            SceneException.class,
            fault -> {
              assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT);
              assertThat(fault.key()).isEqualTo(key);
              assertThat(fault.reason()).contains("without resolution");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "m_4709963_se_14_1.tif",
        "m_4709963_se_14_1_2020083.tif",
        "m_4709963_se_14_1_20201331.tif",
        "m_4709963_se_14_1_20200230_20201201.tif",
        "m_4709963_se_14_1_2020-8-1.tif"
      })
  void rejectsANameWithoutAValidDate(String name) {
    assertThatThrownBy(() -> NaipKey.parse("nd/2020/100cm/rgbir_cog/47099/" + name))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("without date");
  }

  @ParameterizedTest
  @CsvSource({
    "al/2011/100cm/fgdc/30085/m_3008501_ne_16_1_20110815.txt, fgdc",
    "al/2011/100cm/index/naip_3_11_al.shp, index",
    "al/2011/100cm/rgb/30085/m_3008501_ne_16_1_20110815.tif, rgb",
    "al/2011/100cm/rgbir/30085/m_3008501_ne_16_1_20110815.tif, rgbir",
    "al/2011/100cm/rgbir_cog/30085/m_3008501_ne_16_1_20110815.tif.aux.xml, 'rgbir_cog, not .tif'",
    "al/2011/100cm/rgbir_cog/m_3008501_ne_16_1_20110815.tif, 'rgbir_cog, other path'",
    "al/year/100cm/rgbir_cog/30085/m_3008501_ne_16_1_20110815.tif, 'rgbir_cog, other path'",
    "manifest.txt, other",
    "/, other"
  })
  void reportsTheKindOfOtherKeys(String key, String kind) {
    List<String> told = new ArrayList<>();

    assertThat(NaipKey.read(key, told::add)).isEmpty();
    assertThat(told).containsExactly(kind);
  }
}
