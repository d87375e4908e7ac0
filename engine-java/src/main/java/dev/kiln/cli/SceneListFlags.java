package dev.kiln.cli;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.SceneListFile;
import dev.kiln.error.ConfigurationException;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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

  /** Returns where to print: standard output belongs to the list if it is written there. */
  PrintWriter print() {
    return out.equals(STANDARD_OUTPUT)
        ? command.commandLine().getErr()
        : command.commandLine().getOut();
  }

  /** Prints how many entries were kept, and how many were skipped for which reason. */
  void report(ListingStats tally) {
    PrintWriter print = print();
    print.printf("%s: %,d scenes of %,d entries%n", out, tally.kept(), tally.total());
    tally.skipped().forEach((reason, entries) -> print.printf("%,14d  %s%n", entries, reason));
    print.flush();
  }
}
