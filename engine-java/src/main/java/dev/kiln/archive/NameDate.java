package dev.kiln.archive;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Dates in the names of files, in the forms that producers write. */
public final class NameDate {
  private static final String YEAR = "(?<year>(?:19|20)\\d{2})";
  private static final String SIX_DIGITS = "(?<hour>\\d{2})(?<minute>\\d{2})(?<second>\\d{2})";

  private static final List<String> MONTHS =
      List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");

  /**
   * Forms of dates; each has the groups year, month and day, or year and doy, and the groups of a
   * time, which can be absent.
   */
  private static final List<Pattern> FORMS =
      List.of(
          // 20240301, 2024-03-01, with a time after a T.
          pattern(
              "(?<!\\d)%s(?<s>[-_.]?)(?<month>\\d{2})\\k<s>(?<day>\\d{2})(?:T(?<hour>\\d{2})[-_:]?(?<minute>\\d{2})(?:[-_:]?(?<second>\\d{2}))?)?(?!\\d)",
              YEAR),
          // 2024-03-01-10-30-59 (Umbra).
          pattern(
              "(?<!\\d)%s(?<s>[-_.])(?<month>\\d{2})\\k<s>(?<day>\\d{2})\\k<s>(?<hour>\\d{2})\\k<s>(?<minute>\\d{2})\\k<s>(?<second>\\d{2})(?!\\d)",
              YEAR),
          // 20240301103059, and tenths or thousandths of seconds (Airbus).
          pattern("(?<!\\d)%s(?<month>\\d{2})(?<day>\\d{2})%s\\d{0,3}(?!\\d)", YEAR, SIX_DIGITS),
          // Planet: 20240301_103059_ and more at the start of a name.
          pattern("^%s(?<month>\\d{2})(?<day>\\d{2})_%s_", YEAR, SIX_DIGITS),
          // HLS: 2024061T103059, MODIS: A2024061.
          pattern("(?<!\\d)%s(?<doy>\\d{3})T%s(?!\\d)", YEAR, SIX_DIGITS),
          pattern("(?<![A-Z0-9])A%s(?<doy>\\d{3})(?!\\d)", YEAR),
          // Maxar: 24MAR01103059-.
          pattern(
              "^(?<year>\\d{2})(?<month>%s)(?<day>\\d{2})%s-",
              String.join("|", MONTHS), SIX_DIGITS));

  /** No image is later than this; other digits, such as those of a size of 2048 × 1024, can be. */
  private static final Instant LATEST = Instant.now().plus(Duration.ofDays(2));

  private NameDate() {}

  private static Pattern pattern(String format, Object... parts) {
    return Pattern.compile(format.formatted(parts), Pattern.CASE_INSENSITIVE);
  }

  /**
   * {@return the first date in the name of a file, with its time if it has one, and else noon, UTC}
   * A date in the future is none.
   *
   * @param name of a file, without directories
   */
  public static Optional<Instant> find(String name) {
    Optional<Instant> first = Optional.empty();
    int earliest = name.length();
    boolean timed = false;
    for (Pattern form : FORMS) {
      Matcher matcher = form.matcher(name);
      boolean searching = true;
      while (searching && matcher.find() && matcher.start() <= earliest) {
        Optional<Instant> found = read(matcher).filter(NameDate::isPossible);
        searching = found.isEmpty();
        boolean hasTime = group(matcher, "hour") != null;
        // Of two forms at one place, the one with a time has read more of it.
        if (!searching && (matcher.start() < earliest || hasTime && !timed)) {
          first = found;
          earliest = matcher.start();
          timed = hasTime;
        }
      }
    }
    return first;
  }

  /** Returns whether a time is not in the future. */
  static boolean isPossible(Instant time) {
    return time.isBefore(LATEST);
  }

  private static Optional<Instant> read(Matcher date) {
    try {
      int year = Integer.parseInt(date.group("year"));
      year += year < 100 ? 2000 : 0;
      LocalDate day =
          group(date, "doy") != null
              ? LocalDate.ofYearDay(year, number(date, "doy"))
              : LocalDate.of(year, month(date.group("month")), number(date, "day"));
      LocalTime time =
          group(date, "hour") == null
              ? LocalTime.NOON
              : LocalTime.of(number(date, "hour"), number(date, "minute"), number(date, "second"));
      return Optional.of(day.atTime(time).toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      // Other digits that look like a date; the date can follow.
      return Optional.empty();
    }
  }

  private static int month(String text) {
    int named = MONTHS.indexOf(text.toUpperCase(Locale.ROOT));
    return named < 0 ? Integer.parseInt(text) : named + 1;
  }

  /** Returns the number in a group; 0 if it is absent. */
  private static int number(Matcher matcher, String name) {
    String digits = group(matcher, name);
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  /** Returns the text of a group; null if it is absent, or the form has no such group. */
  private static String group(Matcher matcher, String name) {
    try {
      return matcher.group(name);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
