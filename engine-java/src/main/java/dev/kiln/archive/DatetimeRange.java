package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * A time range as STAC APIs accept it: two RFC 3339 times, one of which may be {@code ..} for an
 * open end.
 *
 * @param text such as {@code 2023-01-01T00:00:00Z/2023-12-31T23:59:59Z}
 */
public record DatetimeRange(String text) {
  private static final String OPEN = "..";

  /**
   * Parses {@code A/B}, or {@code A} alone. Each end is a time with a zone, a day, a month or a
   * year; days, months and years extend from their first to their last second in UTC.
   *
   * @param text as given on the command line
   * @return the range
   * @throws ConfigurationException if the text is not a range, with {@code --datetime} in the
   *     message
   */
  public static DatetimeRange parse(String text) {
    String[] sides = text.strip().split("/", -1);
    if (sides.length > 2) {
      throw fault(text, null);
    }
    try {
      String from = side(sides[0].strip(), true);
      String to = side(sides[sides.length - 1].strip(), false);
      boolean ordered =
          from.equals(OPEN)
              || to.equals(OPEN)
              || !OffsetDateTime.parse(from).isAfter(OffsetDateTime.parse(to));
      if (!ordered || from.equals(OPEN) && to.equals(OPEN)) {
        throw fault(text, null);
      }
      return new DatetimeRange(from + "/" + to);
    } catch (DateTimeException e) {
      throw fault(text, e);
    }
  }

  /** {@return the start of the span; empty if it is open} */
  public Optional<Instant> from() {
    return instant(text.substring(0, text.indexOf('/')));
  }

  /** {@return the last microsecond of the span's last second; empty if it is open} */
  public Optional<Instant> to() {
    return instant(text.substring(text.indexOf('/') + 1))
        .map(last -> last.truncatedTo(ChronoUnit.SECONDS).plusNanos(999_999_000));
  }

  private static Optional<Instant> instant(String side) {
    return side.equals(OPEN)
        ? Optional.empty()
        : Optional.of(OffsetDateTime.parse(side).toInstant());
  }

  private static String side(String text, boolean start) {
    if (text.isEmpty() || text.equals(OPEN)) {
      return OPEN;
    }
    if (text.indexOf('T') > 0) {
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(OffsetDateTime.parse(text));
    }
    LocalDate first;
    LocalDate last;
    if (text.length() == 10) {
      first = LocalDate.parse(text);
      last = first;
    } else {
      YearMonth from = YearMonth.parse(text.length() == 4 ? text + "-01" : text);
      first = from.atDay(1);
      last = (text.length() == 4 ? from.withMonth(12) : from).atEndOfMonth();
    }
    return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
        start
            ? first.atStartOfDay().atOffset(ZoneOffset.UTC)
            : last.atTime(23, 59, 59).atOffset(ZoneOffset.UTC));
  }

  private static ConfigurationException fault(String text, Exception cause) {
    return new ConfigurationException(
        "--datetime: expected A/B such as 2023-01-01/2023-12-31, found '" + text + "'", cause);
  }
}
