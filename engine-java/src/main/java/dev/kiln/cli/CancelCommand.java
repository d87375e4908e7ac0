package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchService;
import dev.kiln.awsbatch.Cancellation;
import dev.kiln.awsbatch.SubmissionLedger;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
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
import tools.jackson.databind.json.JsonMapper;

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

  @Mixin private AwsBatchFlags batchFlags;
  @Mixin private S3Flags s3Flags;
  @Mixin private OutputS3Flags outputS3Flags;

  @Override
  public Integer call() throws IOException {
    Runs runs = new Runs(subject);
    try (AwsBatchService awsBatch = new AwsBatchService(batchFlags.options(s3Flags));
        ObjectStore out =
            ObjectStores.open(
                runs.out(awsBatch), outputS3Flags.options(s3Flags, System.getenv()))) {
      Optional<String> submission =
          runs.isJob()
              ? Optional.of(new SubmissionLedger(out).ofJob(runs.jobId().orElseThrow()).id())
              : Optional.ofNullable(submissionId);
      List<Cancellation.EndedJob> ended = Cancellation.cancel(out, submission, awsBatch, reason);
      PrintWriter print = spec.commandLine().getOut();
      if (json) {
        print.println(
            JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(ended));
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
