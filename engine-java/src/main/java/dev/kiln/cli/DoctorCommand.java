package dev.kiln.cli;

import dev.kiln.doctor.Doctor;
import dev.kiln.error.ExitCode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code kiln doctor}: what of this machine works for Kiln. */
@Command(
    name = "doctor",
    description = "Say what works on this machine, what is missing and how to get it.",
    footer = {
      "",
      "Ends with 0 if Kiln can run here, else with 78.",
      "",
      "Example:",
      "  kiln doctor --model clay-v1.5 --source naip-analytic --out embeddings"
    })
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(names = "--model", paramLabel = "DIR", description = "Look at this model too.")
  private Path model;

  @Option(names = "--source", paramLabel = "URI", description = "See whether this can be read.")
  private String source;

  @Option(names = "--out", paramLabel = "URI", description = "See whether this can be written.")
  private String out;

  @Mixin private StoreFlags storeFlags;
  @Mixin private OutStoreFlags outStoreFlags;

  @Override
  public Integer call() {
    List<Doctor.Finding> findings =
        Doctor.all(
            model,
            source,
            storeFlags.source(),
            out,
            outStoreFlags.options(storeFlags, System.getenv()));
    PrintWriter print = spec.commandLine().getOut();
    if (json) {
      print.println(
          JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(findings));
    } else {
      for (Doctor.Finding finding : findings) {
        String state = finding.state().name().toLowerCase(Locale.ROOT);
        print.printf("%-13s %-7s %s%n", finding.subject(), state, finding.found());
        if (!finding.advice().isEmpty()) {
          print.printf("%-13s %-7s   %s%n", "", "", finding.advice());
        }
      }
    }
    print.flush();
    boolean broken = findings.stream().anyMatch(f -> f.state() == Doctor.State.BROKEN);
    return broken ? ExitCode.CONFIGURATION.code() : ExitCode.DONE.code();
  }
}
