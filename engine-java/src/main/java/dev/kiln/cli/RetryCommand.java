package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchService;
import dev.kiln.awsbatch.PackedList;
import dev.kiln.awsbatch.Retry;
import dev.kiln.awsbatch.Submission;
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

/** {@code kiln retry}: submits the scenes that a submission has left. */
@Command(
    name = "retry",
    description = "Submit the scenes that a submission has left, once its jobs have ended.",
    footer = {"", "Example:", "  kiln retry s3://my-bucket/clay"},
    showDefaultValues = true,
    sortOptions = false)
public final class RetryCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "PREFIX", description = "Output of the submission.")
  private String prefix;

  @Option(
      names = "--submission",
      paramLabel = "ID",
      description = "Which one, where the output has several.")
  private String submissionId;

  @Option(
      names = "--scenes",
      paramLabel = "URI",
      description = "Refuse unless this list is still the one that was submitted.")
  private String scenes;

  @Option(
      names = "--permanent",
      description = "Take scenes too that failed for what will not pass, such as a broken file.")
  private boolean permanent;

  @Option(
      names = "--items-per-job",
      paramLabel = "N",
      description = "Scenes a child takes (default: as before).")
  private Integer itemsPerJob;

  @Option(names = "--dry-run", description = "Print the requests as JSON and send none.")
  private boolean dryRun;

  @Mixin private AwsBatchFlags batchFlags;
  @Mixin private StoreFlags storeFlags;
  @Mixin private OutStoreFlags outStoreFlags;

  @Override
  public Integer call() throws IOException {
    try (ObjectStore out =
            ObjectStores.open(prefix, outStoreFlags.options(storeFlags, System.getenv()));
        AwsBatchService batch = new AwsBatchService(batchFlags.options(storeFlags))) {
      Submission submission = Retry.select(out, Optional.ofNullable(submissionId));
      if (scenes != null) {
        StoreOptions from = storeFlags.source();
        String option = "--scenes " + scenes;
        PackedList list = PackedList.of(option, () -> ObjectStores.stream(scenes, from));
        Retry.requireSameList(submission, option, list);
      }
      Retry.requireEnded(submission, out, batch);
      UnfinishedScenes left = UnfinishedScenes.of(submission, out, permanent);
      PrintWriter print = spec.commandLine().getOut();
      print.printf(
          "submission %s: %,d of %,d scenes done, %,d failed for good%n",
          submission.id(), left.done(), submission.scenes(), left.permanentlyFailed());
      if (left.list().isEmpty()) {
        print.println("nothing is left to try again");
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
    Submitter.Request request = Retry.request(first, left, Optional.ofNullable(itemsPerJob));
    // Earlier tries have ended; one that was submitted in part is carried on.
    Submission planned = submitter.plan(request, true);
    if (dryRun) {
      SubmissionPrint.requests(print, submitter, planned, request);
      return;
    }
    SubmissionPrint.print(print, submitter.submit(planned, request, batch), left, false);
  }
}
