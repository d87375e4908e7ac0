package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ConfigurationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NaipManifestTest {
  private static final String ND_2018 =
      "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif";
  private static final String CA_2016 =
      "ca/2016/60cm/rgbir_cog/30085/m_3008501_ne_16_1_20160528.tif";
  private static final String CA_2018 =
      "ca/2018/060cm/rgbir_cog/32114/m_3211401_nw_11_060_20180718_20190208.tif";
  private static final String MANIFEST =
      String.join(
          "\r\n",
          "\uFEFFnd/2018/100cm/fgdc/47099/m_4709963_se_14_1_20180716.txt",
          ND_2018,
          ND_2018 + ".aux.xml",
          "",
          CA_2016,
          "ca/2016/60cm/rgb/30085/m_3008501_ne_16_1_20160528.tif",
          "ca/2016/rgbir_cog/m_3008501_ne_16_1_20160528.tif",
          "ca/2016/60cm/rgbir_cog/30085/m_3008501_ne_16_1.tif",
          "   ",
          CA_2018,
          "manifest.txt");

  private final List<String> kept = new ArrayList<>();

  private ListingStats select(NaipManifest wanted, byte[] manifest) throws IOException {
    return wanted.select("--manifest test", new ByteArrayInputStream(manifest), kept::add);
  }

  @Test
  void keepsScenesInOrderAndCountsOtherKeysByKind() throws IOException {
    ListingStats tally =
        select(NaipManifest.of(null, null, null), MANIFEST.getBytes(StandardCharsets.UTF_8));

    assertThat(kept).containsExactly(ND_2018, CA_2016, CA_2018);
    assertThat(tally.kept()).isEqualTo(3);
    assertThat(tally.total()).isEqualTo(9);
    assertThat(tally.skipped())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "not a scene: fgdc", 1L,
                "not a scene: rgb", 1L,
                "not a scene: rgbir_cog, not .tif", 1L,
                "not a scene: without date", 1L,
                "not a scene: other", 2L));
  }

  @Test
  void detectsGzipByContent() throws IOException {
    select(NaipManifest.of(null, null, null), MemoryObjects.gzip(MANIFEST));

    assertThat(kept).containsExactly(ND_2018, CA_2016, CA_2018);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "nd, -, -, 1",
        "'ND, ca', -, -, 3",
        "tx, -, -, 0",
        "-, 2016, -, 1",
        "-, 2016..2020, -, 3",
        "-, '2015,2018', -, 2",
        "-, -, 60cm, 2",
        "-, -, '0.6m,100cm', 3",
        "ca, 2018, 60cm, 1"
      })
  void filters(String states, String years, String resolutions, int scenes) throws IOException {
    ListingStats tally =
        select(
            NaipManifest.of(states, years, resolutions), MANIFEST.getBytes(StandardCharsets.UTF_8));

    assertThat(tally.kept()).isEqualTo(scenes);
    assertThat(tally.total()).isEqualTo(9);
    assertThat(kept).hasSize(scenes);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "north dakota, -, -, --state",
        "'nd,,ca', -, -, --state",
        "-, 20, -, --year",
        "-, 2020..2016, -, --year",
        "-, 2016..2018..2020, -, --year",
        "-, '', -, --year",
        "-, -, 60, --resolution"
      })
  void rejectsInvalidSelections(String states, String years, String resolutions, String flag) {
    assertThatThrownBy(() -> NaipManifest.of(states, years, resolutions))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(flag + ":");
  }

  @Test
  void rejectsAManifestThatIsNotText() {
    byte[] tiff = {'I', 'I', 42, 0, (byte) 0xff, (byte) 0xfe, 10};

    assertThatThrownBy(() -> select(NaipManifest.of(null, null, null), tiff))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--manifest test: expected UTF-8 text");
  }

  @Test
  void rejectsATruncatedManifest() {
    byte[] whole = MemoryObjects.gzip(MANIFEST);

    assertThatThrownBy(
            () ->
                select(NaipManifest.of(null, null, null), Arrays.copyOf(whole, whole.length - 20)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("damaged gzip");
  }

  @Test
  void readsTheSampleArchivesManifest() throws IOException {
    Path sample = Path.of(System.getProperty("kiln.shared"), "samples/naip-analytic/manifest.txt");
    assumeTrue(Files.exists(sample), "no sample archive at " + sample);

    ListingStats tally = select(NaipManifest.of(null, null, null), Files.readAllBytes(sample));

    assertThat(tally.total()).isEqualTo(33);
    assertThat(kept).hasSize(6).allMatch(key -> key.contains("/rgbir_cog/"));
    assertThat(tally.skipped())
        .containsEntry("not a scene: other", 2L)
        .containsEntry("not a scene: rgbir_cog, not .tif", 5L);
  }
}
