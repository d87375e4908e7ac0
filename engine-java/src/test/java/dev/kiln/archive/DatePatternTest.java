package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dates in the names of files. */
class DatePatternTest {
  @ParameterizedTest
  @CsvSource({
    "ortho_20240301.tif, 2024-03-01T12:00:00Z",
    "2024-03-01-farm.tif, 2024-03-01T12:00:00Z",
    "farm_2024_03_01.tif, 2024-03-01T12:00:00Z",
    "farm.2024.03.01.tif, 2024-03-01T12:00:00Z",
    "m_3807708_ne_18_060_20181025_20190212.tif, 2018-10-25T12:00:00Z",
    "S2A_MSIL2A_20230101T103421_N0509.tif, 2023-01-01T10:34:21Z",
    "flight-20240301103059.tif, 2024-03-01T10:30:59Z",
    "2024-03-01T10-30-59.tif, 2024-03-01T10:30:59Z",
    // Other digits that look like a date first.
    "tile_20241399_20240301.tif, 2024-03-01T12:00:00Z",
    // A size of 2048 × 1024, which would be a day in the future.
    "tile_20481024_20240301.tif, 2024-03-01T12:00:00Z",
    "20240301_103059_12_2402_3B_Visual.tif, 2024-03-01T10:30:59Z",
    "2024-03-01-10-30-59_UMBRA-04_GEC.tif, 2024-03-01T10:30:59Z",
    "20240301T1030Z.tif, 2024-03-01T10:30:00Z",
    "s2a_msil2a_20240301t103059_n0509.tif, 2024-03-01T10:30:59Z",
    "IMG_PHR1A_PMS_202403011030597_ORT_R1C1.tif, 2024-03-01T10:30:59Z",
    "24MAR01103059-S2AS-014521_R1C1.TIF, 2024-03-01T10:30:59Z",
    "HLS.S30.T14TPQ.2024061T103059.v2.0.tif, 2024-03-01T10:30:59Z",
    "MOD09A1.A2024061.h10v05.061.2024075034533.tif, 2024-03-01T12:00:00Z",
    // A tile number, not a time.
    "20240301_987654_x.tif, 2024-03-01T12:00:00Z",
    "20240301_101500.tif, 2024-03-01T12:00:00Z",
  })
  void firstDateInANameIsFound(String name, Instant expected) {
    assertThat(NameDate.find(name)).contains(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "BQ31_5000_0401.tif",
        "120240301.tif",
        "202403011.tif",
        "2024-03.tif",
        "20240230.tif",
        "20991231.tif",
        "2024-03_01.tif",
        "30240301.tif"
      })
  void nameWithoutADateHasNone(String name) {
    assertThat(NameDate.find(name)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "MOD09A1.A{year}{doy}.*, modis/MOD09A1.A2023032.h18v04.tif, 2023-02-01T12:00:00Z",
    "{year}/{month}/*_{day}., a/2024/03/tile_77_09.tif, 2024-03-09T12:00:00Z",
    "_{day}{month}{year}_{hour}{minute}, farm_01032024_1030.tif, 2024-03-01T10:30:00Z",
    "{year}{month}{day}_{hour}{minute}{second}, 20240301_101500.tif, 2024-03-01T10:15:00Z",
  })
  void patternFindsTheDateInAKey(String pattern, String key, Instant expected) {
    assertThat(DatePattern.parse(pattern).find(key)).contains(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "{year}{month}{day}, tile.tif",
    "{year}{month}{day}, 20241399.tif",
    "{year}/{month}/*_{day}., 2024/03/deeper/tile_09.tif",
    "({year}).{doy}, 2024x032.tif"
  })
  void keyThatDoesNotMatchHasNone(String pattern, String key) {
    assertThat(DatePattern.parse(pattern).find(key)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{year}",
        "{year}{month}",
        "{month}{day}",
        "{year}{doy}{day}{month}",
        "{year}{year}{doy}",
        "{years}{doy}",
        "{}{year}{doy}"
      })
  void patternThatDeterminesNoDayIsRefused(String pattern) {
    assertThatThrownBy(() -> DatePattern.parse(pattern))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--date-pattern: expected text with {year}, {month} and {day}")
        .hasMessageEndingWith("found '" + pattern + "'");
  }
}
