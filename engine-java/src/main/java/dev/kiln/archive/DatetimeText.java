package dev.kiln.archive;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Times as they occur in catalogues: RFC 3339 and its common variants, with a space or lower-case
 * letters, an offset without a colon, a leap second, or no zone, which is read as UTC. A day is
 * read as its noon.
 */
public final class DatetimeText {
  private static final Pattern TEXT =
      Pattern.compile(
          "(\\d{4})-(\\d{2})-(\\d{2})(?:[Tt ](\\d{2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d+))?)?"
              + " ?(?:[Zz]|UTC|([+-])(\\d{2}):?(\\d{2})?)?)?");

  /** Archives contain aerial photographs that are older than satellites. */
  private static final int FIRST_YEAR = 1900;

  private static final int LAST_YEAR = 2200;
  private static final int NOON = 12;

  private DatetimeText() {}

  /**
   * Parses a time.
   *
   * @param text to parse
   * @return the instant
   * @throws DateTimeException if it is not a time, or is outside the years 1900 to 2200
   */
  public static Instant parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new DateTimeException("not a time");
    }
    boolean leap = "60".equals(matcher.group(6));
    LocalDate date =
        LocalDate.of(number(matcher.group(1)), number(matcher.group(2)), number(matcher.group(3)));
    if (date.getYear() < FIRST_YEAR || date.getYear() > LAST_YEAR) {
      throw new DateTimeException("year " + date.getYear());
    }
    LocalTime time =
        LocalTime.of(
            matcher.group(4) == null ? NOON : number(matcher.group(4)),
            number(matcher.group(5)),
            leap ? 59 : number(matcher.group(6)),
            nanoseconds(matcher.group(7)));
    Instant utc = LocalDateTime.of(date, time).toInstant(offset(matcher));
    return leap ? utc.plusSeconds(1) : utc;
  }

  /**
   * Returns whether a time states its zone.
   *
   * @param text that {@link #parse} accepts
   * @return whether it ends with a zone or offset
   */
  static boolean hasZone(String text) {
    return text.strip().matches(".*([Zz]|UTC|[+-]\\d{2}(:?\\d{2})?)");
  }

  private static ZoneOffset offset(Matcher matcher) {
    if (matcher.group(8) == null) {
      return ZoneOffset.UTC;
    }
    int minutes = number(matcher.group(9)) * 60 + number(matcher.group(10));
    return ZoneOffset.ofTotalSeconds((matcher.group(8).equals("-") ? -60 : 60) * minutes);
  }

  private static int number(String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  private static int nanoseconds(String fraction) {
    return fraction == null ? 0 : Integer.parseInt((fraction + "000000000").substring(0, 9));
  }
}
