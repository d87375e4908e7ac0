package dev.kiln.awsbatch;

import java.util.ArrayList;
import java.util.List;

/**
 * What was asked of AWS Batch for one list and one output: lies in the output, and is written
 * before and after every request, so that a submission that broke off is carried on and not begun
 * again.
 *
 * @param format version of this record; {@link #FORMAT}
 * @param id names it, its jobs and the folder of its reports; follows from everything below
 * @param created ISO 8601, UTC
 * @param retryOf id of the submission whose scenes were left; null for a first one
 * @param order what is embedded
 * @param modelHash SHA-256 of its weights
 * @param list SHA-256 of the scene list, which lies beside this record
 * @param scenes in the list
 * @param queue of the jobs
 * @param definition name of their job definition
 * @param logGroup of their logs
 * @param pricePerHour dollars for the hour of a child; 0 if not known
 * @param jobs in the order in which they are submitted
 */
public record Submission(
    int format,
    String id,
    String created,
    String retryOf,
    EmbedArguments order,
    String modelHash,
    String list,
    long scenes,
    String queue,
    String definition,
    String logGroup,
    double pricePerHour,
    List<Job> jobs) {
  /** Version of the record. */
  public static final int FORMAT = 1;

  public Submission {
    jobs = List.copyOf(jobs);
  }

  /**
   * A job, or an array of them.
   *
   * @param name in AWS Batch; no other submission has it
   * @param children how many jobs; 1 is no array
   * @param command of the container
   * @param after names of jobs of this submission that must end well first
   * @param asked whether a request may be under way or done
   * @param jobId that Batch gave; null until it is known
   */
  public record Job(
      String name,
      int children,
      List<String> command,
      List<String> after,
      boolean asked,
      String jobId) {
    public Job {
      command = List.copyOf(command);
      after = List.copyOf(after);
    }

    Job asking() {
      return new Job(name, children, command, after, true, jobId);
    }

    Job submitted(String id) {
      return new Job(name, children, command, after, true, id);
    }

    /** Whether its jobs embed scenes. */
    boolean embeds() {
      return command.get(0).equals("embed");
    }
  }

  /** Whether Batch has taken all of it. */
  public boolean complete() {
    return jobs.stream().allMatch(job -> job.jobId() != null);
  }

  /** Ids of the jobs that Batch has taken. */
  public List<String> jobIds() {
    return jobs.stream().map(Job::jobId).filter(id -> id != null).toList();
  }

  /** Jobs that embed scenes, those of all arrays together. */
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
        order,
        modelHash,
        list,
        scenes,
        queue,
        definition,
        logGroup,
        pricePerHour,
        changed);
  }
}
