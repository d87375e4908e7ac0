package dev.kiln.benchmarks;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import com.fasterxml.jackson.annotation.JsonProperty;
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
 * Results of the benchmarks, as they are stored. The names of the JSON fields are those of all
 * published results.
 *
 * @param taken time of the run, UTC
 * @param machine hardware and software
 * @param effort how long was measured
 * @param quick whether the run was a smoke test
 * @param figures in the order of the cases
 */
record Results(
    String taken,
    Map<String, String> machine,
    Case.Effort effort,
    boolean quick,
    List<Figure> figures) {

  /**
   * All samples of a case.
   *
   * @param benchmark such as {@code decode}
   * @param workload such as {@code naip, 1 thread}
   * @param candidate implementation that did the work
   * @param unit unit of the rates
   * @param samples all samples
   * @param median median rate; 0 if skipped
   * @param perCore median rate per core; 0 if skipped
   * @param toFirst ratio of {@code perCore} to that of the first candidate that was not skipped
   * @param remark explanation of the result
   * @param skipped why there are no samples; null if there are
   */
  record Figure(
      String benchmark,
      @JsonProperty("subject") String workload,
      @JsonProperty("contestant") String candidate,
      String unit,
      List<Case.Sample> samples,
      double median,
      double perCore,
      double toFirst,
      String remark,
      String skipped) {}

  /** Computes the figures of cases from their samples. */
  static List<Figure> figures(List<Case> cases, List<List<Case.Sample>> samples) {
    List<Figure> figures = new ArrayList<>();
    for (int i = 0; i < cases.size(); i++) {
      Case one = cases.get(i);
      double perCore = one.skipped().isEmpty() ? median(samples.get(i), Case.Sample::perCore) : 0;
      double rate = one.skipped().isEmpty() ? median(samples.get(i), Case.Sample::rate) : 0;
      double first =
          figures.stream()
              .filter(f -> f.benchmark.equals(one.benchmark()) && f.workload.equals(one.workload()))
              .filter(f -> f.skipped == null)
              .mapToDouble(Figure::perCore)
              .findFirst()
              .orElse(perCore);
      figures.add(
          new Figure(
              one.benchmark(),
              one.workload(),
              one.candidate(),
              one.unit(),
              samples.get(i),
              rate,
              perCore,
              first == 0 ? 0 : perCore / first,
              one.skipped().isEmpty() ? one.remark().of(rate, perCore) : "",
              one.skipped().orElse(null)));
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

  /** Returns a Markdown table per benchmark. */
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
        text.append("| workload | candidate | median | range | per core | ratio | |\n");
        text.append("|---|---|---:|---:|---:|---:|---|\n");
      }
      text.append(row(figure));
    }
    return text.toString();
  }

  /** Draws each benchmark with results into an SVG file; returns the files. */
  List<Path> draw(Path directory) throws IOException {
    Map<String, List<Figure>> benchmarks =
        figures.stream().collect(groupingBy(Figure::benchmark, LinkedHashMap::new, toList()));
    List<Path> drawn = new ArrayList<>();
    for (Map.Entry<String, List<Figure>> benchmark : benchmarks.entrySet()) {
      if (benchmark.getValue().stream().anyMatch(f -> f.skipped == null)) {
        Path file = directory.resolve(plotName(benchmark.getKey()));
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
      return "| %s | %s | SKIPPED | | | | %s |%n".formatted(f.workload, f.candidate, f.skipped);
    }
    double[] sorted = f.samples.stream().mapToDouble(Case.Sample::rate).sorted().toArray();
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s %s | %s to %s, n = %d | %s | %.2f | %s |%n",
        f.workload,
        f.candidate,
        number(f.median),
        f.unit,
        number(sorted[0]),
        number(sorted[sorted.length - 1]),
        sorted.length,
        number(f.perCore),
        f.toFirst,
        f.remark);
  }

  /** Returns a number with three significant digits. */
  static String number(double value) {
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  /**
   * Replaces the text between two marker lines of a file.
   *
   * @throws IOException if a marker is missing
   */
  static void replaceBetween(Path file, String begin, String end, String text) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    int first = lines.indexOf(begin);
    int last = lines.indexOf(end);
    if (first < 0 || last < first) {
      throw new IOException(file + ": expected the lines " + begin + " and " + end);
    }
    lines.subList(first + 1, last).clear();
    lines.addAll(first + 1, Arrays.asList(("\n" + text).split("\n", -1)));
    Files.write(file, lines);
  }
}
