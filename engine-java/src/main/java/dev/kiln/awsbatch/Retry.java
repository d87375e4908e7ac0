package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.batch.model.JobStatus;

/** Submits what a submission has left. */
public final class Retry {
  private Retry() {}

  /**
   * Finds the first submission to try again.
   *
   * @param id of the one that is meant; null if there is but one
   * @throws ConfigurationException if there is none, or several and none is named
   */
  public static Submission choose(ObjectStore out, String id) throws IOException {
    List<Submission> first =
        new SubmissionLedger(out).all().stream().filter(s -> s.retryOf() == null).toList();
    if (first.isEmpty()) {
      throw new ConfigurationException(
          out.root() + ": nothing was submitted there; submit with kiln submit");
    }
    String ids = first.stream().map(Submission::id).collect(Collectors.joining(", "));
    if (id == null && first.size() > 1) {
      throw new ConfigurationException(
          out.root() + ": has several submissions: choose one with --submission: " + ids);
    }
    return first.stream()
        .filter(s -> id == null || s.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException("--submission " + id + ": not there; there is " + ids));
  }

  /**
   * Refuses while jobs of the submission or of its retries are under way: what they are about to do
   * would be done twice.
   *
   * @throws ConfigurationException that names the job
   */
  public static void requireEnded(Submission submission, ObjectStore out, BatchService batch)
      throws IOException {
    for (Submission one : new SubmissionLedger(out).all()) {
      if (!one.id().equals(submission.id()) && !submission.id().equals(one.retryOf())) {
        continue;
      }
      if (one.id().equals(submission.id()) && !one.complete()) {
        throw new ConfigurationException(
            "submission "
                + one.id()
                + ": was not submitted to its end: run the same kiln submit again first");
      }
      for (var job : batch.describe(one.jobIds())) {
        if (job.status() != JobStatus.SUCCEEDED && job.status() != JobStatus.FAILED) {
          throw new ConfigurationException(
              "job %s (%s) is still %s: wait for its end (kiln status %s)"
                  .formatted(job.jobName(), job.jobId(), job.statusAsString(), out.root()));
        }
      }
    }
  }

  /**
   * The request for what is left.
   *
   * @param itemsPerJob scenes a child takes; empty for as many as before
   */
  public static Submitter.Request request(
      Submission submission, PackedList left, Optional<Integer> itemsPerJob) {
    EmbedArguments before = submission.order();
    EmbedArguments order =
        new EmbedArguments(
            before.platform(),
            before.model(),
            before.source(),
            before.out(),
            itemsPerJob.orElse(before.itemsPerJob()),
            before.options(),
            before.requireGpu(),
            // The plan is there, or its absence was why the children failed.
            before.compileFirst());
    return new Submitter.Request(
        order,
        submission.modelHash(),
        left,
        submission.queue(),
        Optional.empty(),
        submission.definition(),
        submission.logGroup(),
        submission.pricePerHour(),
        submission.id());
  }

  /**
   * Refuses a list that is not the one that was submitted.
   *
   * @param option that named it, with its value
   */
  public static void requireSameList(Submission submission, String option, PackedList list) {
    if (!list.sha256().equals(submission.list())) {
      throw new ConfigurationException(
          ("%s: has changed since it was submitted: %,d scenes (SHA-256 %s…), then %,d (%s…); leave"
                  + " it out to try the submitted one again, or submit anew")
              .formatted(
                  option,
                  list.scenes(),
                  list.sha256().substring(0, 12),
                  submission.scenes(),
                  submission.list().substring(0, 12)));
    }
  }
}
