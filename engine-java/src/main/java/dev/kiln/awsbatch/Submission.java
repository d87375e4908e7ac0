package dev.kiln.awsbatch;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Record of the jobs that were submitted for one scene list and one output. It is stored in the
 * output and written before and after every request, so that the same command continues an
 * interrupted submission.
 *
 * @param format version of this record; {@link #FORMAT}
 * @param id identifies the submission, its jobs and its reports; a hash of its contents
 * @param created ISO 8601, UTC
 * @param retryOf id of the submission whose unfinished scenes it embeds; null for an original
 * @param arguments arguments of the children
 * @param modelHash SHA-256 of the model's weights
 * @param listSha256 SHA-256 of the scene list, which is stored in the output
 * @param scenes scenes in the list
 * @param queue job queue
 * @param definition name of the job definition
 * @param logGroup CloudWatch log group
 * @param pricePerHour US dollars per hour of a child; 0 if unknown
 * @param jobOptions options of the jobs
 * @param jobs in order of submission
 */
public record Submission(
    int format,
    String id,
    String created,
    String retryOf,
    EmbedArguments arguments,
    String modelHash,
    String listSha256,
    long scenes,
    String queue,
    String definition,
    String logGroup,
    double pricePerHour,
    JobOptions jobOptions,
    List<Job> jobs) {
  /** Version of the record. */
  public static final int FORMAT = 2;

  /** Copies the list. */
  public Submission {
    jobs = List.copyOf(jobs);
  }

  /**
   * A job or an array job.
   *
   * @param name unique name in AWS Batch
   * @param children number of children; 1 is a job without an array
   * @param command command of the container
   * @param after names of jobs of this submission that must succeed first
   * @param requested whether a request was or may have been sent
   * @param jobId id that AWS Batch returned; null until it is known
   */
  public record Job(
      String name,
      int children,
      List<String> command,
      List<String> after,
      boolean requested,
      String jobId) {
    /** Copies the lists. */
    public Job {
      command = List.copyOf(command);
      after = List.copyOf(after);
    }

    Job asRequested() {
      return new Job(name, children, command, after, true, jobId);
    }

    Job asSubmitted(String id) {
      return new Job(name, children, command, after, true, id);
    }

    /** Returns whether the job embeds scenes. */
    boolean embeds() {
      return command.get(0).equals("embed");
    }
  }

  /** Returns whether AWS Batch has accepted all jobs. */
  public boolean complete() {
    return jobs.stream().allMatch(job -> job.jobId() != null);
  }

  /** Returns the ids of the jobs that AWS Batch has accepted. */
  public List<String> jobIds() {
    return jobs.stream().map(Job::jobId).filter(Objects::nonNull).toList();
  }

  /** Returns the number of children that embed scenes, of all arrays together. */
  public int children() {
    return jobs.stream().filter(Job::embeds).mapToInt(Job::children).sum();
  }

  Submission with(int index, Job job) {
    List<Job> changed = new ArrayList<>(jobs);
    changed.set(index, job);
    return new Submission(
        format,
        id,
        created,
        retryOf,
        arguments,
        modelHash,
        listSha256,
        scenes,
        queue,
        definition,
        logGroup,
        pricePerHour,
        jobOptions,
        changed);
  }
}
