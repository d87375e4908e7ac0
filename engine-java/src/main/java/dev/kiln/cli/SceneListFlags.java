package dev.kiln.cli;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.SceneListFile;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Count;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** The scene list that {@code kiln manifest} writes. */
final class SceneListFlags {
  private static final String STANDARD_OUTPUT = "-";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      required = true,
      description = "Scene list to write, compressed if it ends in .gz; - is standard output.")
  private String out;

  @Option(names = "--json", description = "Print the counts as JSON.")
  private boolean json;

  /** Creates the file. */
  SceneListFile create() {
    if (out.equals(STANDARD_OUTPUT)) {
      return SceneListFile.to(System.out);
    }
    if (out.contains("://")) {
      throw new ConfigurationException(
          "--out " + out + ": expected a local file; write one and copy it to the bucket");
    }
    return SceneListFile.create("--out", Path.of(out));
  }

  /**
   * Returns where to print notes: standard output belongs to the list if it is written there, else
   * to the counts with {@code --json}.
   */
  PrintWriter print() {
    return json ? command.commandLine().getErr() : results();
  }

  private PrintWriter results() {
    return out.equals(STANDARD_OUTPUT)
        ? command.commandLine().getErr()
        : command.commandLine().getOut();
  }

  /** Prints how many entries were kept, and how many were skipped for which reason. */
  void report(ListingStats tally) {
    PrintWriter print = results();
    if (json) {
      Map<String, Object> counts = new LinkedHashMap<>();
      counts.put("out", out);
      counts.put("scenes", tally.kept());
      counts.put("entries", tally.total());
      counts.put("skipped", tally.skipped());
      print.println(
          JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(counts));
      print.flush();
      return;
    }
    print.printf(
        "%s: %s of %s%n",
        out, Count.of(tally.kept(), "scene"), Count.of(tally.total(), "entry", "entries"));
    tally.skipped().forEach((reason, entries) -> print.printf("%,14d  %s%n", entries, reason));
    print.flush();
  }
}
