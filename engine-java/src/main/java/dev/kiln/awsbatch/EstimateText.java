package dev.kiln.awsbatch;

import dev.kiln.error.Count;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Formats estimates as a table. */
public final class EstimateText {
  private static final String ROW = "%-14s %-9s %9s %8s %10s %7s %9s %9s %9s %11s %11s %8s";

  private EstimateText() {}

  /**
   * Returns the workload, a row per estimate, and the recommendation.
   *
   * @param name name of the scene list
   * @param rates where the rates come from
   */
  public static String of(
      String name, Workload work, String rates, PriceTable prices, List<Estimate> estimates) {
    StringBuilder text = new StringBuilder();
    line(
        text,
        "%s: %s, %,.0f chips (%s)",
        name,
        Count.of(work.scenes(), "scene"),
        work.chips(),
        work.basis());
    line(
        text,
        "reads %s with %,.0f requests, writes %s, whose storage costs $%,.2f per month",
        bytes(work.bytesRead()),
        work.reads(),
        bytes(work.bytesWritten()),
        work.bytesWritten() / 1e9 * prices.storage().storedGbMonth());
    line(text, "");
    line(
        text,
        ROW,
        "instance",
        "plan",
        "chips/s",
        "scenes",
        "children",
        "arrays",
        "min",
        "at once",
        "hours",
        "on-demand",
        "spot",
        "S3");
    line(text, ROW, "", "", "per child", "/child", "", "", "/child", "", "", "$", "$", "$");
    for (Estimate e : estimates) {
      line(
          text,
          "%-14s %-9s %,9.1f %,8d %,10d %,7d %,9.1f %,9d %,9.1f %,11.2f %,11.2f %,8.2f%s",
          e.instance(),
          e.plan().name().toLowerCase(Locale.ROOT),
          e.chipsPerSecond(),
          e.children().itemsPerJob(),
          e.children().count(),
          e.children().arrays(),
          e.children().minutes(),
          e.children().concurrent(),
          e.hours(),
          e.cost().onDemand(),
          e.cost().spot(),
          e.cost().s3(),
          e.meetsDeadline() ? "" : "  after the deadline");
    }
    line(text, "");
    line(text, "%s", recommendation(estimates));
    line(text, "rates:  %s", rates);
    line(text, "prices: %s; give your own with --prices FILE", prices.origin());
    return text.toString();
  }

  private static String recommendation(List<Estimate> estimates) {
    return estimates.stream()
        .filter(Estimate::meetsDeadline)
        .min(
            Comparator.comparingDouble((Estimate e) -> e.cost().spot())
                .thenComparingDouble(Estimate::hours))
        .map(
            e ->
                "cheapest: --instance %s --items-per-job %d: $%,.2f spot, %,.1f hours"
                    .formatted(
                        e.instance(),
                        e.children().itemsPerJob(),
                        e.cost().spot() + e.cost().s3(),
                        e.hours()))
        .orElse("no plan meets the deadline: raise --max-vcpus or --deadline");
  }

  private static String bytes(double bytes) {
    return bytes >= 1e12 ? "%,.1f TB".formatted(bytes / 1e12) : "%,.1f GB".formatted(bytes / 1e9);
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }
}
