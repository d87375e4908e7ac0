package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the key of a file has its date: text with the fields {@code {year}}, {@code {month}},
 * {@code {day}}, {@code {doy}} (day of the year), {@code {hour}}, {@code {minute}} and {@code
 * {second}}; {@code *} is any text within a name. The text is searched for anywhere in the key.
 */
public final class DatePattern {
  private static final Pattern FIELD = Pattern.compile("\\{([^{}]*)\\}|\\*|[^{}*]+|[{}]");

  private static final Map<String, String> DIGITS =
      Map.of(
          "year", "\\d{4}",
          "month", "\\d{2}",
          "day", "\\d{2}",
          "doy", "\\d{3}",
          "hour", "\\d{2}",
          "minute", "\\d{2}",
          "second", "\\d{2}");

  /** Digits of a day, with one separator or none, and a time after a T or directly. */
  private static final Pattern DAY =
      Pattern.compile(
          "(?<!\\d)(?<year>(?:19|20)\\d{2})(?<s>[-_.]?)(?<month>\\d{2})\\k<s>(?<day>\\d{2})"
              + "(?:T?(?<hour>\\d{2})[-_:]?(?<minute>\\d{2})[-_:]?(?<second>\\d{2}))?(?!\\d)");

  /** No image is later than this; other digits, such as those of a size of 2048 × 1024, can be. */
  private static final Instant LATEST = Instant.now().plus(Duration.ofDays(2));

  private final String text;
  private final Pattern pattern;
  private final Set<String> fields;

  private DatePattern(String text, Pattern pattern, Set<String> fields) {
    this.text = text;
    this.pattern = pattern;
    this.fields = fields;
  }

  /**
   * Parses a pattern.
   *
   * @param text such as {@code A{year}{doy}.*}
   * @return the pattern
   * @throws ConfigurationException if a field is unknown or occurs twice, or no day is determined
   */
  public static DatePattern parse(String text) {
    StringBuilder regex = new StringBuilder();
    Set<String> fields = new HashSet<>();
    Matcher parts = FIELD.matcher(text);
    while (parts.find()) {
      String name = parts.group(1);
      if (name != null) {
        if (!DIGITS.containsKey(name) || !fields.add(name)) {
          throw fault(text);
        }
        regex.append("(?<").append(name).append('>').append(DIGITS.get(name)).append(')');
      } else {
        regex.append(parts.group().equals("*") ? "[^/]*" : Pattern.quote(parts.group()));
      }
    }
    boolean day = fields.containsAll(List.of("month", "day")) != fields.contains("doy");
    if (!fields.contains("year") || !day) {
      throw fault(text);
    }
    return new DatePattern(text, Pattern.compile(regex.toString()), fields);
  }

  private static ConfigurationException fault(String text) {
    return new ConfigurationException(
        "--date-pattern: expected text with {year}, {month} and {day}, or {year} and {doy}, and"
            + " optionally {hour}, {minute} and {second}, found '"
            + text
            + "'");
  }

  /**
   * Returns the time that a key states by this pattern; noon where it has no hour.
   *
   * @param key of a file
   * @return empty if the key does not match or has no valid date there
   */
  Optional<Instant> find(String key) {
    return find(pattern.matcher(key), fields, time -> true);
  }

  /**
   * {@return the first date in the name of a file: {@code 20240301}, {@code 2024-03-01}, {@code
   * 2024_03_01} or {@code 2024.03.01} between other characters than digits, with a time if one
   * follows directly or after a T ({@code 20240301T103059}); noon without one. A date in the future
   * is none}
   *
   * @param name of a file, without directories
   */
  public static Optional<Instant> inName(String name) {
    return find(
        DAY.matcher(name),
        Set.of("year", "month", "day", "hour", "minute", "second"),
        DatePattern::isPossible);
  }

  /** Returns whether a time is not in the future. */
  static boolean isPossible(Instant time) {
    return time.isBefore(LATEST);
  }

  private static Optional<Instant> find(
      Matcher matcher, Set<String> fields, Predicate<Instant> accepted) {
    while (matcher.find()) {
      try {
        LocalDate day =
            fields.contains("doy")
                ? LocalDate.ofYearDay(number(matcher, "year"), number(matcher, "doy"))
                : LocalDate.of(
                    number(matcher, "year"), number(matcher, "month"), number(matcher, "day"));
        LocalTime time =
            has(matcher, fields, "hour")
                ? LocalTime.of(
                    number(matcher, "hour"),
                    has(matcher, fields, "minute") ? number(matcher, "minute") : 0,
                    has(matcher, fields, "second") ? number(matcher, "second") : 0)
                : LocalTime.NOON;
        Instant found = LocalDateTime.of(day, time).toInstant(ZoneOffset.UTC);
        if (accepted.test(found)) {
          return Optional.of(found);
        }
      } catch (DateTimeException e) {
        // Other digits that look like a date; the date can follow.
        continue;
      }
    }
    return Optional.empty();
  }

  private static boolean has(Matcher matcher, Set<String> fields, String field) {
    return fields.contains(field) && matcher.group(field) != null;
  }

  private static int number(Matcher matcher, String field) {
    return Integer.parseInt(matcher.group(field));
  }

  @Override
  public String toString() {
    return text;
  }
}
