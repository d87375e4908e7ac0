package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.batch.model.JobDetail;
import software.amazon.awssdk.services.batch.model.JobStatus;

/** Ends the active jobs of submissions. Finished scenes stay, and a retry embeds the others. */
public final class Cancellation {
  private Cancellation() {}

  /**
   * A job that was ended.
   *
   * @param id id of the job
   * @param name name of the job
   * @param state its state before
   */
  public record EndedJob(String id, String name, String state) {}

  /**
   * Ends all active jobs of the chosen submissions, dependent jobs first.
   *
   * @param submissionId empty for all submissions into the output
   * @param reason shown as the status reason of the jobs
   * @return the jobs that were active
   * @throws ConfigurationException if there is no such submission
   */
  public static List<EndedJob> cancel(
      ObjectStore out, Optional<String> submissionId, AwsBatchService awsBatch, String reason)
      throws IOException {
    List<Submission> all = new SubmissionLedger(out).all();
    List<Submission> chosen =
        all.stream()
            .filter(s -> submissionId.isEmpty() || s.id().equals(submissionId.get()))
            .toList();
    if (chosen.isEmpty()) {
      throw new ConfigurationException(
          submissionId
              .map(id -> "--submission: expected one of " + ids(all) + ", found " + id)
              .orElse(out.root() + ": no submission found"));
    }
    List<EndedJob> ended = new ArrayList<>();
    for (Submission submission : chosen) {
      // Children of a compile job must not start once it is gone.
      List<String> jobIds = new ArrayList<>(submission.jobIds());
      Collections.reverse(jobIds);
      for (JobDetail job : inOrder(jobIds, awsBatch.describe(jobIds))) {
        if (job.status() != JobStatus.SUCCEEDED && job.status() != JobStatus.FAILED) {
          awsBatch.terminate(job.jobId(), reason);
          ended.add(new EndedJob(job.jobId(), job.jobName(), job.statusAsString()));
        }
      }
    }
    return ended;
  }

  private static List<JobDetail> inOrder(List<String> ids, List<JobDetail> jobs) {
    List<JobDetail> ordered = new ArrayList<>();
    for (String id : ids) {
      jobs.stream().filter(job -> job.jobId().equals(id)).forEach(ordered::add);
    }
    return ordered;
  }

  private static String ids(List<Submission> all) {
    return all.isEmpty() ? "none" : String.join(", ", all.stream().map(Submission::id).toList());
  }
}
