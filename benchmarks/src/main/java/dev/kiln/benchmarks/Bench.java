package dev.kiln.benchmarks;

import dev.kiln.trace.Nvtx;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code ./kiln bench}: measures every case in turn, round by round, so that a change of the
 * machine's speed affects all of them, and keeps every sample.
 */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description = "Measure decode, fetch, patchify, encoders, GeoParquet, manifest and whole jobs.",
    footer = {
      "",
      "Example, decoding alone:",
      "  ./kiln bench --only decode",
    })
public final class Bench implements Callable<Integer> {
  private static final String BEGIN = "<!-- results: written by ./kiln bench -->";
  private static final String END = "<!-- end of results -->";
  private static final Case.Effort FULL = new Case.Effort(3, 3, 2000, false);
  private static final Case.Effort QUICK = new Case.Effort(1, 1, 200, false);

  @Spec private CommandSpec spec;

  @Option(
      names = "--quick",
      description = "Small scenes and short samples: a smoke test, not a measurement.")
  private boolean quick;

  @Option(
      names = "--only",
      paramLabel = "REGEX",
      defaultValue = "",
      description =
          "Only cases whose name, \"benchmark: workload: candidate\", matches. Default: all.")
  private Pattern only;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "0",
      description = "Rounds over all cases. Default: 3, or 1 with --quick.")
  private int rounds;

  @Option(names = "--list", description = "Print the names of the cases and exit.")
  private boolean list;

  @Option(
      names = "--work",
      paramLabel = "DIR",
      defaultValue = ".kiln/benchmarks",
      description = "Directory of sample scenes and models (3 GB, or 30 MB with --quick).")
  private Path work;

  @Option(
      names = "--results",
      paramLabel = "DIR",
      defaultValue = "benchmarks/results",
      description = "Directory of the JSON results.")
  private Path results;

  @Option(
      names = "--publish",
      description =
          "Name the JSON after its time, and write table and plots into benchmarks/README.md.")
  private boolean publish;

  @Option(names = "--in-process", description = "Measure in this JVM: for tests of the benchmarks.")
  private boolean inProcess;

  @Option(
      names = "--nvtx",
      description =
          "Send stages and batches to the NVIDIA profiler that started this process; implies"
              + " --in-process.")
  private boolean nvtx;

  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT);
    System.exit(new CommandLine(new Bench()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Workplace workplace = Workplace.in(work, quick);
    List<Case> cases =
        Cases.all(workplace).stream().filter(c -> only.matcher(c.name()).find()).toList();
    if (list || cases.isEmpty()) {
      cases.forEach(c -> out.println(c.name()));
      out.flush();
      return cases.isEmpty() ? 2 : 0;
    }
    Map<String, String> machine = Machine.describe();
    machine.forEach((what, is) -> out.printf("%-9s %s%n", what, is));
    out.flush();
    Case.Effort effort = effort();
    if (nvtx && !Nvtx.trace()) {
      out.println("--nvtx has no effect: expected a process started by nsys or ncu");
    }
    List<List<Case.Sample>> samples = measure(cases, effort, out);
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Results found =
        new Results(now.toString(), machine, effort, quick, Results.figures(cases, samples));
    keep(found, now, out);
    return 0;
  }

  private Case.Effort effort() {
    Case.Effort usual = quick ? QUICK : FULL;
    return new Case.Effort(
        rounds > 0 ? rounds : usual.rounds(),
        usual.iterations(),
        usual.millis(),
        inProcess || nvtx);
  }

  private static List<List<Case.Sample>> measure(
      List<Case> cases, Case.Effort effort, PrintWriter out) throws Exception {
    List<List<Case.Sample>> samples = new ArrayList<>();
    cases.forEach(c -> samples.add(new ArrayList<>()));
    for (int round = 0; round < effort.rounds(); round++) {
      for (int i = 0; i < cases.size(); i++) {
        Case one = cases.get(i);
        if (one.skipped().isEmpty()) {
          List<Case.Sample> more = one.sampler().sample(effort);
          samples.get(i).addAll(more);
          Case.Sample last = more.get(more.size() - 1);
          out.printf(
              "%s: %.3g %s, %.3g per core%n", one.name(), last.rate(), one.unit(), last.perCore());
        } else if (round == 0) {
          out.printf("%s: SKIPPED, %s%n", one.name(), one.skipped().get());
        }
        out.flush();
      }
    }
    return samples;
  }

  private void keep(Results found, Instant now, PrintWriter out) throws Exception {
    String name = publish ? now.toString().replace(":", "") : quick ? "quick" : "latest";
    Path file = results.resolve(name + ".json");
    found.write(file);
    String table = found.markdown();
    out.println();
    out.print(table);
    if (publish) {
      Path page = results.resolveSibling("README.md");
      StringBuilder plots = new StringBuilder();
      for (Path plot : found.draw(results)) {
        plots.append("\n![%1$s](%2$s/%1$s)\n".formatted(plot.getFileName(), results.getFileName()));
        out.println(plot);
      }
      Results.replaceBetween(page, BEGIN, END, table + plots);
      out.println(page);
    }
    out.println(file);
    out.flush();
  }
}
