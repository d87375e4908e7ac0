package dev.kiln.awsbatch;

import java.util.List;
import java.util.Map;

/**
 * How the runs into one output stand.
 *
 * @param out the output
 * @param runs the oldest first
 */
public record ArrayStatus(String out, List<Run> runs) {
  public ArrayStatus {
    runs = List.copyOf(runs);
  }

  /**
   * One submission, or the run without a name that was started otherwise.
   *
   * @param id of the submission; null for the run without
   * @param retryOf id of the submission whose scenes it takes; null for a first one
   * @param jobIds of AWS Batch
   * @param children in all; 0 if not known
   * @param states children by state in AWS Batch; empty where that was not asked or has forgotten
   * @param active whether Batch has still something to do
   * @param reports children that have reported
   * @param running children whose last word is that they run
   * @param exitCodes children that ended, by exit code
   * @param scenes in the list; those of the reports where there is no list
   * @param done scenes whose file is there, as far as children have reported
   * @param failed scenes that failed
   * @param chips embedded
   * @param chipsPerSecond of all children together since the submission; 0 if not known
   * @param chipsPerSecondOfOne child at work
   * @param secondsLeft at the pace so far; NaN if not known
   * @param cost dollars so far for what has been reported and what runs; NaN if no price is known
   * @param reasons of failures, the most frequent first
   * @param look children that failed
   */
  public record Run(
      String id,
      String retryOf,
      List<String> jobIds,
      int children,
      Map<String, Integer> states,
      boolean active,
      int reports,
      int running,
      Map<Integer, Integer> exitCodes,
      long scenes,
      long done,
      long failed,
      long chips,
      double chipsPerSecond,
      double chipsPerSecondOfOne,
      double secondsLeft,
      double cost,
      List<Reason> reasons,
      List<FailedChild> look) {}

  /**
   * @param count scenes or children
   * @param reason numbers and names taken out
   * @param example a scene or report that it befell
   */
  public record Reason(long count, String reason, String example) {}

  /**
   * A child that failed for good.
   *
   * @param jobId of the child
   * @param exitCode null if it never had one
   * @param reason that Batch gives
   * @param logGroup of CloudWatch
   * @param logStream of its last try; null if it had none
   */
  public record FailedChild(
      String jobId, Integer exitCode, String reason, String logGroup, String logStream) {}

  /** Whether anything is still under way. */
  public boolean active() {
    return runs.stream().anyMatch(Run::active);
  }
}
