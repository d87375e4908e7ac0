package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.batch.model.JobStatus;

/** Steps of {@code kiln retry}, which submits the unfinished scenes of a submission. */
public final class Retry {
  private Retry() {}

  /**
   * Returns the submission to retry. Retries of it are not candidates.
   *
   * @param id id of the submission; empty if there is only one
   * @throws ConfigurationException if there is none, or there are several and no id is given
   */
  public static Submission select(ObjectStore out, Optional<String> id) throws IOException {
    List<Submission> originals =
        new SubmissionLedger(out).all().stream().filter(s -> s.retryOf() == null).toList();
    if (originals.isEmpty()) {
      throw new ConfigurationException(out.root() + ": no submission found; run kiln submit first");
    }
    String ids = originals.stream().map(Submission::id).collect(Collectors.joining(", "));
    if (id.isEmpty()) {
      if (originals.size() > 1) {
        throw new ConfigurationException(
            out.root() + ": several submissions: choose one with --submission: " + ids);
      }
      return originals.get(0);
    }
    return originals.stream()
        .filter(s -> s.id().equals(id.get()))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "--submission: expected one of " + ids + ", found " + id.get()));
  }

  /**
   * Checks that no job of the submission or its retries is active: its scenes would be embedded
   * twice.
   *
   * @throws ConfigurationException that names the job
   */
  public static void requireEnded(Submission submission, ObjectStore out, AwsBatchService awsBatch)
      throws IOException {
    for (Submission one : new SubmissionLedger(out).all()) {
      if (!one.id().equals(submission.id()) && !submission.id().equals(one.retryOf())) {
        continue;
      }
      if (one.id().equals(submission.id()) && !one.complete()) {
        throw new ConfigurationException(
            "submission "
                + one.id()
                + ": not all of its jobs are submitted: run the same kiln submit again first");
      }
      for (var job : awsBatch.describe(one.jobIds())) {
        if (job.status() != JobStatus.SUCCEEDED && job.status() != JobStatus.FAILED) {
          throw new ConfigurationException(
              "job %s (%s) is still %s: wait until it ends (kiln status %s)"
                  .formatted(job.jobName(), job.jobId(), job.statusAsString(), out.root()));
        }
      }
    }
  }

  /**
   * Returns the request for the unfinished scenes.
   *
   * @param itemsPerJob scenes per child; empty for the number of the submission
   */
  public static SubmissionRequest request(
      Submission submission, PackedList unfinished, Optional<Integer> itemsPerJob) {
    EmbedArguments arguments = submission.arguments();
    return SubmissionRequest.builder()
        .arguments(
            arguments.toBuilder().itemsPerJob(itemsPerJob.orElse(arguments.itemsPerJob())).build())
        .modelHash(submission.modelHash())
        .list(unfinished)
        .queue(submission.queue())
        .existingDefinition(submission.definition())
        .logGroup(submission.logGroup())
        .pricePerHour(submission.pricePerHour())
        .retryOf(submission.id())
        .jobOptions(submission.jobOptions())
        .build();
  }

  /**
   * Checks that a list is the submitted one.
   *
   * @param option option that named the list and its value, for messages
   */
  public static void requireSameList(Submission submission, String option, PackedList list) {
    if (!list.sha256().equals(submission.listSha256())) {
      throw new ConfigurationException(
          ("%s: expected the submitted list of %,d scenes (SHA-256 %s…), found %,d scenes (%s…);"
                  + " omit the option to retry the submitted list, or submit the new one")
              .formatted(
                  option,
                  submission.scenes(),
                  submission.listSha256().substring(0, 12),
                  list.scenes(),
                  list.sha256().substring(0, 12)));
    }
  }
}
