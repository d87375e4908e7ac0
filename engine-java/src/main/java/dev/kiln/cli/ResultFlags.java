package dev.kiln.cli;

import dev.kiln.run.DryRun;
import dev.kiln.run.RunReport;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** Options for what {@code kiln embed} prints to standard output at its end. */
@Heading.Under(Heading.GENERAL)
final class ResultFlags {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--dry-run",
      description =
          "Print what would be done: scenes, chips, bytes and output files, estimated from the"
              + " headers and masks of a few scenes. Embeds and writes nothing.")
  @Heading.Under(Heading.JOB)
  private boolean dryRun;

  @Option(names = "--json", description = "Print the report, or the dry run, as JSON at the end.")
  private boolean json;

  boolean dryRun() {
    return dryRun;
  }

  /** Prints a report, if JSON is wanted; the log has its summary. */
  void print(RunReport report) {
    if (json) {
      print(new String(report.json(), StandardCharsets.UTF_8) + "\n");
    }
  }

  /** Prints a dry run. */
  void print(DryRun plan) {
    print(
        json
            ? JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(plan) + "\n"
            : plan.text());
  }

  private void print(String text) {
    PrintWriter out = command.commandLine().getOut();
    out.print(text);
    out.flush();
  }
}
