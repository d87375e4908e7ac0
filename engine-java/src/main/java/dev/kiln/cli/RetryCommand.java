package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchService;
import dev.kiln.awsbatch.PackedList;
import dev.kiln.awsbatch.Retry;
import dev.kiln.awsbatch.Submission;
import dev.kiln.awsbatch.SubmissionRequest;
import dev.kiln.awsbatch.Submitter;
import dev.kiln.awsbatch.UnfinishedScenes;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln retry}: submits the unfinished scenes of a submission. */
@Command(
    name = "retry",
    description = "Submit the unfinished scenes of a submission whose jobs have ended.",
    footer = {"", "Example:", "  kiln retry s3://my-bucket/clay"})
public final class RetryCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "PREFIX", description = "Output of the submission.")
  private String prefix;

  @Option(
      names = "--submission",
      paramLabel = "ID",
      description = "Id of the submission, if the output has several.")
  private String submissionId;

  @Option(
      names = "--scenes",
      paramLabel = "URI",
      description = "Fail unless this list is the one that was submitted.")
  private String scenes;

  @Option(
      names = "--permanent",
      description = "Also submit scenes that failed permanently, such as damaged files.")
  private boolean permanent;

  @Option(
      names = "--items-per-job",
      paramLabel = "N",
      description = "Scenes per child (default: as submitted).")
  private Integer itemsPerJob;

  @Option(names = "--dry-run", description = "Print the requests as JSON and send none.")
  private boolean dryRun;

  @Option(
      names = "--json",
      description = "Print the new submission as JSON, or {} if no scenes are left.")
  private boolean json;

  @Mixin private AwsFlags flags;

  @Override
  public Integer call() throws IOException {
    try (ObjectStore out = flags.output(prefix);
        AwsBatchService batch = flags.awsBatch()) {
      Submission submission = Retry.select(out, Optional.ofNullable(submissionId));
      if (scenes != null) {
        StoreOptions from = flags.source();
        String option = "--scenes " + scenes;
        PackedList list = PackedList.of(option, () -> ObjectStores.stream(scenes, from));
        Retry.requireSameList(submission, option, list);
      }
      Retry.requireEnded(submission, out, batch);
      UnfinishedScenes left = UnfinishedScenes.of(submission, out, permanent);
      PrintWriter print = spec.commandLine().getOut();
      if (!json) {
        print.printf(
            "submission %s: %,d of %,d scenes done, %,d failed permanently%n",
            submission.id(), left.done(), submission.scenes(), left.permanentlyFailed());
      }
      if (left.list().isEmpty()) {
        print.println(json ? "{}" : "no scenes left to submit");
      } else {
        send(print, submission, left.list().get(), out, batch);
      }
      print.flush();
    }
    return 0;
  }

  private void send(
      PrintWriter print, Submission first, PackedList left, ObjectStore out, AwsBatchService batch)
      throws IOException {
    Submitter submitter = new Submitter(out, Clock.systemUTC());
    SubmissionRequest request = Retry.request(first, left, Optional.ofNullable(itemsPerJob));
    // Earlier attempts have ended; one that was submitted in part is resumed.
    Submission planned = submitter.plan(request, true);
    if (dryRun) {
      SubmissionPrint.requests(print, submitter, planned, request);
      return;
    }
    Submission submission = submitter.submit(planned, request, batch);
    if (json) {
      JsonPrint.print(print, submission);
    } else {
      SubmissionPrint.print(print, submission, left, false);
    }
  }
}
