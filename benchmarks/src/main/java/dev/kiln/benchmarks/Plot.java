package dev.kiln.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Bar chart of a benchmark in SVG: a group of bars per workload, a bar per candidate. Its length is
 * the rate per core, relative to the longest of the group.
 */
final class Plot {
  private static final int NAMES = 250;
  private static final int BARS = 420;
  private static final int WIDTH = NAMES + BARS + 190;
  private static final int LINE = 24;

  private final StringBuilder body = new StringBuilder();
  private int y = 8;

  private Plot() {}

  /**
   * Returns an SVG document.
   *
   * @param figures figures of one benchmark, ordered by workload
   */
  static String of(List<Results.Figure> figures) {
    Plot plot = new Plot();
    List<Results.Figure> work = new ArrayList<>();
    for (Results.Figure figure : figures) {
      if (!work.isEmpty() && !work.get(0).workload().equals(figure.workload())) {
        plot.work(work);
        work.clear();
      }
      work.add(figure);
    }
    plot.work(work);
    return ("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
            + " font-family=\"sans-serif\" font-size=\"13\">%n"
            + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n%s</svg>%n")
        .formatted(WIDTH, plot.y + 8, plot.body);
  }

  private void work(List<Results.Figure> candidates) {
    text(8, candidates.get(0).workload(), "font-weight=\"bold\"");
    y += LINE;
    double longest = candidates.stream().mapToDouble(Results.Figure::perCore).max().orElse(0);
    for (Results.Figure figure : candidates) {
      text(24, figure.candidate(), "");
      if (figure.skipped() != null) {
        text(NAMES, "SKIPPED: " + figure.skipped(), "fill=\"gray\"");
      } else {
        double length = longest == 0 ? 0 : BARS * figure.perCore() / longest;
        body.append(
            String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                NAMES,
                y + 4,
                length,
                LINE - 8,
                figure.candidate().equals(candidates.get(0).candidate()) ? "#9a9a9a" : "#c1440e"));
        text(
            NAMES + (int) length + 6,
            "%s %s (%.2f)"
                .formatted(Results.number(figure.perCore()), figure.unit(), figure.toFirst()),
            "");
      }
      y += LINE;
    }
    y += 8;
  }

  private void text(int x, String words, String style) {
    body.append(
        "<text x=\"%d\" y=\"%d\" %s>%s</text>%n"
            .formatted(x, y + 16, style, words.replace("&", "&amp;").replace("<", "&lt;")));
  }
}
