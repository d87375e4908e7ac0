package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.util.ArrayList;
import java.util.List;

/** A choice of years: {@code 2018}, {@code 2016..2020}, or several of these behind commas. */
public final class Years {
  private record Span(int first, int last) {}

  private static final int FIRST = 0;
  private static final int LAST = 9999;

  /** Every year. */
  public static final Years ALL = new Years(List.of(new Span(FIRST, LAST)));

  private final List<Span> spans;

  private Years(List<Span> spans) {
    this.spans = List.copyOf(spans);
  }

  /**
   * Reads a choice.
   *
   * @param flag the option it comes from, for the message
   * @throws ConfigurationException if it is not of the form above or a span runs backwards
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
   * All years from the first to the last, both included; null leaves a side open.
   *
   * @param fromFlag the option of {@code from}, for the message
   * @param toFlag the option of {@code to}, for the message
   * @throws ConfigurationException if one is no year or they run backwards
   */
  public static Years between(String fromFlag, String from, String toFlag, String to) {
    int first = from == null ? FIRST : year(fromFlag, from, from);
    int last = to == null ? LAST : year(toFlag, to, to);
    if (first > last) {
      throw new ConfigurationException(fromFlag + " " + from + " lies after " + toFlag + " " + to);
    }
    return new Years(List.of(new Span(first, last)));
  }

  /** Whether the year is among them. */
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
