package dev.kiln.awsbatch;

import dev.kiln.error.ExitCode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * State of the runs that write into one output.
 *
 * @param out URI of the output
 * @param runs oldest first
 */
public record ArrayStatus(String out, List<Run> runs) {
  /** Copies the list. */
  public ArrayStatus {
    runs = List.copyOf(runs);
  }

  /** Returns whether a run is still active. */
  public boolean active() {
    return runs.stream().anyMatch(Run::active);
  }

  /**
   * Returns the result as an exit code: {@link ExitCode#DONE} if all scenes are done, {@link
   * ExitCode#SCENES_FAILED} if all runs have ended and only failed scenes are missing, and {@link
   * ExitCode#TRY_AGAIN} while runs are active or if scenes are left.
   */
  public ExitCode exitCode() {
    if (active()) {
      return ExitCode.TRY_AGAIN;
    }
    ExitCode result = ExitCode.DONE;
    for (Run original : runs) {
      if (original.retryOf().isPresent()) {
        continue;
      }
      Run last = original;
      long done = original.scenes().done();
      for (Run retry : runs) {
        if (original.id().isPresent() && retry.retryOf().equals(original.id())) {
          done += retry.scenes().done();
          last = retry;
        }
      }
      if (done < original.scenes().total()) {
        if (last.scenes().left() > 0) {
          return ExitCode.TRY_AGAIN;
        }
        result = ExitCode.SCENES_FAILED;
      }
    }
    return result;
  }

  /**
   * A submission, or the run without a name that was started in another way.
   *
   * @param id id of the submission; empty for the run without a name
   * @param retryOf id of the submission whose unfinished scenes it embeds
   * @param active whether AWS Batch, or the reports where AWS Batch is unknown, show unfinished
   *     work
   * @param jobs its jobs in AWS Batch
   * @param reports its reports
   * @param scenes progress in scenes
   * @param chips progress in chips
   * @param secondsLeft estimate at the rate so far
   * @param cost US dollars so far, of all attempts; empty without a price
   * @param reasons most frequent reasons of failures first
   * @param failedChildren some of the children that failed
   */
  public record Run(
      Optional<String> id,
      Optional<String> retryOf,
      boolean active,
      Jobs jobs,
      Reports reports,
      Scenes scenes,
      Chips chips,
      OptionalDouble secondsLeft,
      OptionalDouble cost,
      List<Reason> reasons,
      List<FailedChild> failedChildren) {}

  /**
   * Jobs of a run in AWS Batch.
   *
   * @param ids ids of the jobs, arrays counted once
   * @param children number of children; empty for a run without a submission
   * @param states number of children by state; empty if AWS Batch is unknown or forgot the jobs
   */
  public record Jobs(List<String> ids, OptionalInt children, Map<String, Integer> states) {}

  /**
   * Reports of a run.
   *
   * @param count children with a report
   * @param attempts attempts of all children with a report
   * @param running children that run according to their report
   * @param killed children without an exit code whose job has ended, or whose report has not been
   *     written for five minutes
   * @param beyondList children without scenes, because their index is beyond the list
   * @param exitCodes number of ended children by exit code
   */
  public record Reports(
      int count,
      int attempts,
      int running,
      int killed,
      int beyondList,
      Map<Integer, Integer> exitCodes) {}

  /**
   * Scenes of a run.
   *
   * @param total scenes of the list, or of the reports where there is no list
   * @param done scenes whose file exists according to the reports
   * @param failed scenes that failed
   */
  public record Scenes(long total, long done, long failed) {
    /** Returns the scenes that are neither done nor failed. */
    public long left() {
      return Math.max(0, total - done - failed);
    }
  }

  /**
   * Chips of a run.
   *
   * @param embedded chips embedded
   * @param perSecond rate of all children together since the submission
   * @param perSecondPerChild rate of a child while it runs
   */
  public record Chips(long embedded, OptionalDouble perSecond, OptionalDouble perSecondPerChild) {}

  /**
   * A reason of failures.
   *
   * @param count scenes or children that failed for it
   * @param reason message with paths and numbers replaced
   * @param example key of such a scene, or name of such a report
   */
  public record Reason(long count, String reason, String example) {}

  /**
   * A child that failed.
   *
   * @param jobId id of the child
   * @param exitCode exit code of its last attempt
   * @param reason reason that AWS Batch gives
   * @param logGroup CloudWatch log group
   * @param logStream CloudWatch log stream of its last attempt
   */
  public record FailedChild(
      String jobId,
      OptionalInt exitCode,
      String reason,
      String logGroup,
      Optional<String> logStream) {}
}
