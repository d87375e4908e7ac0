package dev.kiln.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformCatalogTest {
  private static final String SENSOR =
      """
      my-sensor:
        band_order: [red, nir]
        rgb_indices: [0, 0, 0]
        gsd: 2.5
        bands:
          mean: {red: 10, nir: 20.5}
          std: {red: 3, nir: 4}
          wavelength: {red: 0.65, nir: 0.842}
      """;

  @TempDir Path temp;

  private Path write(String yaml) throws IOException {
    return Files.writeString(temp.resolve("sensors.yaml"), yaml);
  }

  @Test
  void builtInSensors() {
    PlatformCatalog catalog = PlatformCatalog.builtIn();
    assertThat(catalog.names())
        .containsExactly(
            "naip",
            "sentinel-2-l2a",
            "landsat-c2l1",
            "landsat-c2l2-sr",
            "linz",
            "sentinel-1-rtc",
            "modis",
            "planetscope-sr",
            "satellogic-MSI-L1D");
    assertThat(catalog.get("naip").gsd()).isEqualTo(1);
    assertThat(catalog.get("naip").bands()).first().isEqualTo(new Band("red", 0.65, 110.16, 47.23));
    assertThat(catalog.get("sentinel-2-l2a").bands())
        .extracting(Band::name)
        .containsExactly(
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
    assertThat(catalog.get("sentinel-1-rtc").bands())
        .containsExactly(new Band("vv", 3.5, -12.113, 8.314), new Band("vh", 4, -18.673, 8.017));
    assertThat(catalog.get("modis").bands().get(6))
        .isEqualTo(new Band("sur_refl_b07", 2.13, 1051, 1396));
  }

  @Test
  void unknownPlatform() {
    assertThatThrownBy(() -> PlatformCatalog.builtIn().get("spot"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(
            "expected one of naip, sentinel-2-l2a", "found spot", "--platform-file");
  }

  @Test
  void aFileAddsSensorsAndChangesOthers() throws Exception {
    Path file = write(SENSOR + SENSOR.replace("my-sensor", "linz"));
    PlatformCatalog catalog = PlatformCatalog.load(file);
    assertThat(catalog.names()).hasSize(10).endsWith("my-sensor");
    Platform sensor = catalog.get("my-sensor");
    assertThat(sensor.gsd()).isEqualTo(2.5);
    assertThat(sensor.bands())
        .containsExactly(new Band("red", 0.65, 10, 3), new Band("nir", 0.842, 20.5, 4));
    assertThat(catalog.get("linz").bands()).isEqualTo(sensor.bands());
    assertThat(catalog.get("naip")).isEqualTo(PlatformCatalog.builtIn().get("naip"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mean: {red: 10, nir: 20.5} | mean: {red: 10}            | my-sensor.bands.mean.nir: expected a number, found nothing
          std: {red: 3, nir: 4}      | std: {red: 0, nir: 4}      | my-sensor.bands.std.red: expected a number above 0, found 0.0
          std: {red: 3, nir: 4}      | std: {red: abc, nir: 4}    | my-sensor.bands.std.red: expected a number, found "abc"
          std: {red: 3, nir: 4}      | std: {red: .nan, nir: 4}   | my-sensor.bands.std.red: expected a number
          red: 0.65, nir             | red: -0.65, nir            | my-sensor.bands.wavelength.red: expected a number above 0
          red: 0.65, nir             | red: 650, nir              | my-sensor.bands.wavelength.red: expected a wavelength in micrometres
          red: 0.65, nir             | red: 6.5e-7, nir           | my-sensor.bands.wavelength.red: expected a wavelength in micrometres
          gsd: 2.5                   | gsd: fine                  | my-sensor.gsd: expected a number, found "fine"
          gsd: 2.5                   | gsd: 0                     | my-sensor.gsd: expected a number above 0
          mean: {red: 10, nir: 20.5} | mean: {red: -10, nir: 20}  | my-sensor.bands.unit.red: expected one of dB, power, amplitude, other, because a mean of -10.0
          [red, nir]                 | []                         | my-sensor.band_order: expected a list of bands, found []
          [red, nir]                 | red                        | my-sensor.band_order: expected a list of bands, found "red"
          [red, nir]                 | [red, 7]                   | my-sensor.band_order: expected a band name, found 7
          [red, nir]                 | [red, red]                 | my-sensor.band_order: band red appears twice
          gsd: 2.5                   | bands: {}                  | is not valid YAML
          my-sensor:                 | a/b:                       | platform 'a/b': expected a name of
          my-sensor:                 | - my-sensor:               | expected a map of platform names
          """)
  void badFiles(String from, String to, String message) throws Exception {
    assertThat(SENSOR).contains(from);
    Path file = write(SENSOR.replace(from, to));
    assertThatThrownBy(() -> PlatformCatalog.load(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(file.toString(), message)
        .message()
        .hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          bands | unit: decibels      | my-sensor.bands.unit.red: expected one of dB, power, amplitude, other, found "decibels"
          bands | unit: {Red: dB}     | my-sensor.bands.unit: expected bands of band_order (red, nir), found Red
          bands | units: dB           | my-sensor.bands.units: expected unit, found units
          bands | scale: 0            | my-sensor.bands.scale.red: expected a number other than 0, found 0
          bands | scale: {red: 2}     | my-sensor.bands.scale.nir: expected a number, found nothing
          bands | scale: "2"          | my-sensor.bands.scale.red: expected a number, found "2"
          bands | offset: .inf        | my-sensor.bands.offset.red: expected a number
          scene | product: sentinel-2 | my-sensor.product: expected one of naip, sentinel-2-l2a
          scene | scale: 0.1          | my-sensor.scale: expected it in my-sensor.bands
          """)
  void badStatements(String level, String line, String message) throws Exception {
    Path file = write(SENSOR + (level.equals("bands") ? "    " : "  ") + line + "\n");
    assertThatThrownBy(() -> PlatformCatalog.load(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(file.toString(), message)
        .message()
        .hasLineCount(1);
  }

  @Test
  void unitsConversionsAndProducts() throws Exception {
    Path file =
        write(
            SENSOR
                + """
                      unit: {nir: DB}
                      scale: 0.5
                      offset: {red: 1, nir: -2}
                    product: none
                  """);
    Platform sensor = PlatformCatalog.load(file).get("my-sensor");
    assertThat(sensor.product()).contains("none");
    assertThat(sensor.bands())
        .containsExactly(
            new Band("red", 0.65, 10, 3, Optional.empty(), Optional.of(new BandScale(0.5, 1))),
            new Band(
                "nir",
                0.842,
                20.5,
                4,
                Optional.of(BandUnit.DECIBELS),
                Optional.of(new BandScale(0.5, -2))));
  }

  @ParameterizedTest
  @CsvSource({
    "vv, -12, true, false",
    "gamma0_VH_dB, -18, true, false",
    "VVdB, -12, true, false",
    "vv, 0.1, false, true",
    "temperature, -12, true, true",
    "temperature, 12, false, false",
    "depth, -2000, false, false",
    "ndvi, -0.1, false, false"
  })
  void decibelsByNameAndMean(String name, double mean, boolean decibels, boolean doubt) {
    Band band = new Band(name, 1, mean, 5);
    assertThat(band.isInDecibels()).isEqualTo(decibels);
    assertThat(band.isUnitInDoubt()).isEqualTo(doubt);
  }

  @ParameterizedTest
  @CsvSource({"''", "'[]'", "text", "'{}'"})
  void notAMap(String yaml) throws Exception {
    Path file = write(yaml);
    assertThatThrownBy(() -> PlatformCatalog.load(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected a map of platform names");
  }

  @Test
  void anchorsAndMergeKeysAreResolved() throws Exception {
    Path file =
        write(
            """
            first: &first
              band_order: [red, nir]
              gsd: 2.5
              bands: &bands
                mean: {red: 10, nir: 20.5}
                std: &std {red: 3, nir: 4}
                wavelength: {red: 0.65, nir: 0.842}
            second:
              <<: *first
              gsd: 5
            third:
              band_order: [nir]
              gsd: 1
              bands:
                <<: *bands
                mean: *std
            """);
    PlatformCatalog catalog = PlatformCatalog.load(file);
    assertThat(catalog.get("second").gsd()).isEqualTo(5);
    assertThat(catalog.get("second").bands()).isEqualTo(catalog.get("first").bands());
    assertThat(catalog.get("third").bands()).containsExactly(new Band("nir", 0.842, 4, 4));
  }

  @Test
  void missingFile() {
    assertThatThrownBy(() -> PlatformCatalog.load(temp.resolve("none.yaml")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("none.yaml", "--platform-file");
  }
}
