package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What users state about plain image files, which have no item that describes them.
 *
 * @param datetime acquisition time of all files, UTC
 * @param datePattern where a file's name has its date
 * @param bands which bands a file has
 */
public record FileOptions(
    Optional<Instant> datetime, Optional<DatePattern> datePattern, Optional<BandOrder> bands) {
  /** Nothing is stated: files and their names tell. */
  public static final FileOptions NONE =
      new FileOptions(Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * Parses the acquisition time of files.
   *
   * @param text a time such as {@code 2024-03-01T10:30:00Z}, UTC without a zone, or a day, for noon
   * @return the time
   * @throws ConfigurationException if it is neither
   */
  public static Instant parseDatetime(String text) {
    try {
      return DatetimeText.parse(text);
    } catch (DateTimeException e) {
      throw new ConfigurationException(
          Mismatch.ofText(
              "--datetime",
              "a day or a time such as 2024-03-01 or 2024-03-01T10:30:00Z for files",
              text),
          e);
    }
  }

  /** {@return the options by name, as the footer of a file records them} */
  public Map<String, String> byName() {
    return Map.of(
        "bands", bands.map(BandOrder::toString).orElse("auto"),
        "date-pattern", datePattern.map(DatePattern::toString).orElse("auto"),
        "datetime", datetime.map(Instant::toString).orElse("auto"));
  }
}
