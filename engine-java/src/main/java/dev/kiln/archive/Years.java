package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.util.ArrayList;
import java.util.List;

/** A selection of years: {@code 2018}, {@code 2016..2020}, or several of these, comma-separated. */
public final class Years {
  private record Span(int first, int last) {}

  private static final int FIRST = 0;
  private static final int LAST = 9999;

  /** All years. */
  public static final Years ALL = new Years(List.of(new Span(FIRST, LAST)));

  private final List<Span> spans;

  private Years(List<Span> spans) {
    this.spans = List.copyOf(spans);
  }

  /**
   * Parses a selection.
   *
   * @param flag the option, for messages
   * @param text its value
   * @return the selection
   * @throws ConfigurationException if the text is not a selection, or a range ends before it starts
   */
  public static Years parse(String flag, String text) {
    List<Span> spans = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      String[] ends = part.strip().split("\\.\\.", -1);
      Span span = new Span(year(flag, ends[0], text), year(flag, ends[ends.length - 1], text));
      if (ends.length > 2 || span.first > span.last) {
        throw fault(flag, text);
      }
      spans.add(span);
    }
    return new Years(spans);
  }

  /**
   * Returns the years from the first to the last, both included.
   *
   * @param fromFlag the option of {@code from}, for messages
   * @param from first year; null for no limit
   * @param toFlag the option of {@code to}, for messages
   * @param to last year; null for no limit
   * @return the selection
   * @throws ConfigurationException if one is not a year, or the last is before the first
   */
  public static Years between(String fromFlag, String from, String toFlag, String to) {
    int first = from == null ? FIRST : year(fromFlag, from, from);
    int last = to == null ? LAST : year(toFlag, to, to);
    if (first > last) {
      throw new ConfigurationException(
          "%s: expected a year up to %s %s, found %s".formatted(fromFlag, toFlag, to, from));
    }
    return new Years(List.of(new Span(first, last)));
  }

  /**
   * Returns whether a year is selected.
   *
   * @param year such as 2020
   * @return whether it is selected
   */
  public boolean contains(int year) {
    for (Span span : spans) {
      if (year >= span.first && year <= span.last) {
        return true;
      }
    }
    return false;
  }

  private static int year(String flag, String year, String text) {
    if (!year.matches("\\d{4}")) {
      throw fault(flag, text);
    }
    return Integer.parseInt(year);
  }

  private static ConfigurationException fault(String flag, String text) {
    return new ConfigurationException(
        flag + ": expected years such as 2018, 2016..2020 or 2016,2018, found '" + text + "'");
  }
}
