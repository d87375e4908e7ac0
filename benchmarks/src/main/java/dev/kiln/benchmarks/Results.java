package dev.kiln.benchmarks;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run of the benchmarks found, as it is kept.
 *
 * @param taken when, UTC
 * @param machine what it was measured on
 * @param effort how long
 * @param quick whether it was only to see that everything works
 * @param figures in the order of the cases
 */
record Results(
    String taken,
    Map<String, String> machine,
    Case.Effort effort,
    boolean quick,
    List<Figure> figures) {

  /**
   * One case's samples, all of them.
   *
   * @param median rate of the samples; 0 if skipped
   * @param perCore median of what a core gets done in a second of its time; 0 if skipped
   * @param toFirst ratio per core to the first contestant for the subject that was not skipped
   * @param remark what that means
   * @param skipped why there are no samples; null if there are
   */
  record Figure(
      String benchmark,
      String subject,
      String contestant,
      String unit,
      List<Case.Sample> samples,
      double median,
      double perCore,
      double toFirst,
      String remark,
      String skipped) {}

  /** Pairs cases with their samples. */
  static List<Figure> figures(List<Case> cases, List<List<Case.Sample>> samples) {
    List<Figure> figures = new ArrayList<>();
    for (int i = 0; i < cases.size(); i++) {
      Case one = cases.get(i);
      double perCore = one.skipped() == null ? median(samples.get(i), Case.Sample::perCore) : 0;
      double first =
          figures.stream()
              .filter(f -> f.benchmark.equals(one.benchmark()) && f.subject.equals(one.subject()))
              .filter(f -> f.skipped == null)
              .mapToDouble(Figure::perCore)
              .findFirst()
              .orElse(perCore);
      figures.add(
          new Figure(
              one.benchmark(),
              one.subject(),
              one.contestant(),
              one.unit(),
              samples.get(i),
              one.skipped() == null ? median(samples.get(i), Case.Sample::rate) : 0,
              perCore,
              first == 0 ? 0 : perCore / first,
              one.skipped() == null ? one.remark().apply(perCore) : "",
              one.skipped()));
    }
    return figures;
  }

  private static double median(List<Case.Sample> samples, ToDoubleFunction<Case.Sample> which) {
    double[] sorted = samples.stream().mapToDouble(which).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  void write(Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.write(
        file,
        JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build()
            .writeValueAsBytes(this));
  }

  /** A table for each benchmark, in Markdown. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append(taken);
    machine.forEach((what, is) -> text.append(" · ").append(what).append(' ').append(is));
    text.append('\n');
    String open = null;
    for (Figure figure : figures) {
      if (!figure.benchmark.equals(open)) {
        open = figure.benchmark;
        text.append("\n**").append(open).append("**\n\n");
        text.append("| work | by | median | lowest to highest | per core | to first | |\n");
        text.append("|---|---|---:|---:|---:|---:|---|\n");
      }
      text.append(row(figure));
    }
    return text.toString();
  }

  /** Draws each benchmark whose figures are not all skipped into a file of its name. */
  List<Path> draw(Path folder) throws IOException {
    Map<String, List<Figure>> benchmarks =
        figures.stream().collect(groupingBy(Figure::benchmark, LinkedHashMap::new, toList()));
    List<Path> drawn = new ArrayList<>();
    for (Map.Entry<String, List<Figure>> benchmark : benchmarks.entrySet()) {
      if (benchmark.getValue().stream().anyMatch(f -> f.skipped == null)) {
        Path file = folder.resolve(plotName(benchmark.getKey()));
        Files.writeString(file, Plot.of(benchmark.getValue()));
        drawn.add(file);
      }
    }
    return drawn;
  }

  private static String plotName(String benchmark) {
    return benchmark.replace(' ', '-') + ".svg";
  }

  private static String row(Figure f) {
    if (f.skipped != null) {
      return "| %s | %s | SKIPPED | | | | %s |%n".formatted(f.subject, f.contestant, f.skipped);
    }
    double[] sorted = f.samples.stream().mapToDouble(Case.Sample::rate).sorted().toArray();
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s %s | %s to %s of %d | %s | %.2f | %s |%n",
        f.subject,
        f.contestant,
        number(f.median),
        f.unit,
        number(sorted[0]),
        number(sorted[sorted.length - 1]),
        sorted.length,
        number(f.perCore),
        f.toFirst,
        f.remark);
  }

  /** Three digits that count. */
  static String number(double value) {
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  /**
   * Puts text between two marker lines of a file.
   *
   * @throws IOException if the file does not hold the markers
   */
  static void replaceBetween(Path file, String begin, String end, String text) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    int first = lines.indexOf(begin);
    int last = lines.indexOf(end);
    if (first < 0 || last < first) {
      throw new IOException(file + ": no lines " + begin + " and " + end);
    }
    lines.subList(first + 1, last).clear();
    lines.addAll(first + 1, Arrays.asList(("\n" + text).split("\n", -1)));
    Files.write(file, lines);
  }
}
