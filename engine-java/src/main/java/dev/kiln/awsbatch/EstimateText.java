package dev.kiln.awsbatch;

import java.util.List;
import java.util.Locale;

/** Estimates as a table for a person. */
public final class EstimateText {
  private EstimateText() {}

  /**
   * @param name of the scene list
   * @param rates where the rates are from
   */
  public static String of(
      String name, Workload work, String rates, PriceTable prices, List<Estimate> estimates) {
    StringBuilder text = new StringBuilder();
    line(text, "%s: %,d scenes, %,.0f chips (%s)", name, work.scenes(), work.chips(), work.basis());
    line(
        text,
        "reads %s with %,.0f requests, writes %s, which costs $%,.2f a month to keep",
        bytes(work.bytesRead()),
        work.reads(),
        bytes(work.bytesWritten()),
        work.bytesWritten() / 1e9 * prices.storage().storedGbMonth());
    line(text, "");
    line(
        text,
        "%-14s %9s %10s %8s %7s %10s %8s %9s %9s %11s %11s %7s",
        "instance",
        "chips/s",
        "GPU hours",
        "scenes/",
        "array",
        "children",
        "min a",
        "at once",
        "hours",
        "on demand",
        "spot",
        "S3");
    line(
        text,
        "%-14s %9s %10s %8s %7s %10s %8s %9s %9s %11s %11s %7s",
        "",
        "a GPU",
        "",
        "child",
        "jobs",
        "",
        "child",
        "",
        "in all",
        "$",
        "$",
        "$");
    for (Estimate e : estimates) {
      line(
          text,
          "%-14s %,9.0f %,10.1f %,8d %7d %,10d %,8.1f %,9d %,9.1f %,11.2f %,11.2f %,7.2f",
          e.instance(),
          e.chipsPerSecond(),
          e.gpuHours(),
          e.itemsPerJob(),
          e.arrays(),
          e.children(),
          e.minutesPerChild(),
          e.atOnce(),
          e.wallHours(),
          e.onDemand(),
          e.spot(),
          e.storage());
    }
    line(text, "");
    line(text, "rates: %s", rates);
    line(text, "prices: %s; yours with --prices FILE", prices.origin());
    return text.toString();
  }

  private static String bytes(double bytes) {
    return bytes >= 1e12 ? "%,.1f TB".formatted(bytes / 1e12) : "%,.1f GB".formatted(bytes / 1e9);
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }
}
