package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatetimeRangeTest {
  @ParameterizedTest
  @CsvSource({
    "2023-01-01/2023-12-31, 2023-01-01T00:00:00Z/2023-12-31T23:59:59Z",
    "2023/2024, 2023-01-01T00:00:00Z/2024-12-31T23:59:59Z",
    "2024-02, 2024-02-01T00:00:00Z/2024-02-29T23:59:59Z",
    "2024-02-03, 2024-02-03T00:00:00Z/2024-02-03T23:59:59Z",
    "2023/.., 2023-01-01T00:00:00Z/..",
    "../2023, ../2023-12-31T23:59:59Z",
    "2023-01-01T10:00:00+02:00/2023-01-01T12:30:00.5Z,"
        + " 2023-01-01T10:00:00+02:00/2023-01-01T12:30:00.5Z"
  })
  void completesTimes(String given, String full) {
    assertThat(DatetimeRange.parse(given).text()).isEqualTo(full);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "..",
        "../..",
        "/",
        "2023/2024/2025",
        "2024/2023",
        "2023-13",
        "2023-02-30",
        "last year",
        "2023-01-01T10:00:00/2024",
        "23/24"
      })
  void rejectsTextThatIsNotARange(String given) {
    assertThatThrownBy(() -> DatetimeRange.parse(given))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--datetime: expected A/B")
        .hasMessageContaining("'" + given + "'");
  }
}
