package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchService;
import dev.kiln.awsbatch.Cancellation;
import dev.kiln.awsbatch.SubmissionLedger;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln cancel}: ends the jobs of a submission. */
@Command(
    name = "cancel",
    description = {
      "End the active AWS Batch jobs of submissions.",
      "",
      "Running children save finished scenes; kiln retry submits the others."
    },
    footer = {"", "Example:", "  kiln cancel s3://my-bucket/clay --reason \"wrong model\""})
public final class CancelCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "JOB|PREFIX",
      description = "Output of the submissions, or the id of an AWS Batch job.")
  private String subject;

  @Option(
      names = "--submission",
      paramLabel = "ID",
      description = "Id of the submission (default: all into the output).")
  private String submissionId;

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      defaultValue = "kiln cancel",
      description = "Status reason of the jobs (default: ${DEFAULT-VALUE}).")
  private String reason;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private AwsFlags flags;

  @Override
  public Integer call() throws IOException {
    Runs runs = new Runs(subject);
    try (AwsBatchService awsBatch = flags.awsBatch();
        ObjectStore out = flags.output(runs.out(awsBatch))) {
      Optional<String> submission =
          runs.isJob()
              ? Optional.of(new SubmissionLedger(out).ofJob(runs.jobId().orElseThrow()).id())
              : Optional.ofNullable(submissionId);
      List<Cancellation.EndedJob> ended = Cancellation.cancel(out, submission, awsBatch, reason);
      PrintWriter print = spec.commandLine().getOut();
      if (json) {
        JsonPrint.print(print, ended);
      } else if (ended.isEmpty()) {
        print.println("no active jobs");
      } else {
        ended.forEach(
            job -> print.printf("ended %s  %s, was %s%n", job.id(), job.name(), job.state()));
      }
      print.flush();
    }
    return ExitCode.DONE.code();
  }
}
