package dev.kiln.cli;

import dev.kiln.doctor.Doctor;
import dev.kiln.error.ExitCode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kiln doctor}: checks this machine. */
@Command(
    name = "doctor",
    description = "Check what works on this machine, what is missing and how to install it.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:Kiln can run on this machine", "78:it cannot; the output names the reason"},
    footer = {
      "",
      "Example:",
      "  kiln doctor --model clay-v1.5 --source naip-analytic --out embeddings"
    })
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(
      names = "--model",
      paramLabel = "URI",
      description = "Also check this model; one in a bucket is copied to the cache, as for embed.")
  private String model;

  @Option(
      names = "--source",
      paramLabel = "URI",
      description = "Also check that this archive can be read.")
  private String source;

  @Option(
      names = "--out",
      paramLabel = "URI",
      description = "Also check that this output can be written.")
  private String out;

  @Mixin private S3Flags s3Flags;
  @Mixin private OutputS3Flags outputS3Flags;

  @Override
  public Integer call() {
    List<Doctor.Finding> findings =
        Doctor.all(
            model, source, s3Flags.source(), out, outputS3Flags.options(s3Flags, System.getenv()));
    PrintWriter print = spec.commandLine().getOut();
    if (json) {
      JsonPrint.print(print, findings);
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
