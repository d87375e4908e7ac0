package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.time.DateTimeException;
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
    Matcher matcher = pattern.matcher(key);
    while (matcher.find()) {
      try {
        LocalDate day =
            fields.contains("doy")
                ? LocalDate.ofYearDay(number(matcher, "year"), number(matcher, "doy"))
                : LocalDate.of(
                    number(matcher, "year"), number(matcher, "month"), number(matcher, "day"));
        LocalTime time =
            fields.contains("hour")
                ? LocalTime.of(
                    number(matcher, "hour"),
                    fields.contains("minute") ? number(matcher, "minute") : 0,
                    fields.contains("second") ? number(matcher, "second") : 0)
                : LocalTime.NOON;
        return Optional.of(LocalDateTime.of(day, time).toInstant(ZoneOffset.UTC));
      } catch (DateTimeException e) {
        // Other digits that look like a date; the date can follow.
        continue;
      }
    }
    return Optional.empty();
  }

  private static int number(Matcher matcher, String field) {
    return Integer.parseInt(matcher.group(field));
  }

  @Override
  public String toString() {
    return text;
  }
}
