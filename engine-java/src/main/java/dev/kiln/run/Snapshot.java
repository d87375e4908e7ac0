package dev.kiln.run;

import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Stage;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The state of a run at one moment.
 *
 * @param seconds since the start
 * @param scenes in the shard
 * @param counts what has been done
 * @param stages times of each stage, in the order of the pipeline
 * @param queues fill of each queue, in the order of the pipeline
 */
public record Snapshot(
    double seconds,
    int scenes,
    RunCounters.Counts counts,
    List<Stage.Times> stages,
    List<BoundedQueue.Fill> queues) {

  /** {@return the mean rate in chips per second since the start} */
  public double chipsPerSecond() {
    return perSecond(counts.chips());
  }

  /** Returns an amount per second since the start; 0 at the start. */
  double perSecond(double amount) {
    return seconds == 0 ? 0 : amount / seconds;
  }

  /** Returns the scenes that need nothing more from this run. */
  long settled() {
    return counts.alreadyDone() + counts.embedded() + counts.failed();
  }

  /**
   * Returns the seconds until the shard is done at the mean rate of chips, if scenes that are not
   * open yet have as many chips as those that are; empty before the first chip.
   */
  OptionalDouble secondsLeft() {
    if (settled() == scenes) {
      return OptionalDouble.of(0);
    }
    if (counts.chips() == 0 || counts.opened() == 0) {
      return OptionalDouble.empty();
    }
    double meanChips = (double) counts.openedChips() / counts.opened();
    double unopened = Math.max(0, scenes - counts.alreadyDone() - counts.opened());
    double chipsLeft = counts.openedChips() - counts.chips() + unopened * meanChips;
    return OptionalDouble.of(Math.max(0, chipsLeft) / chipsPerSecond());
  }

  /** Returns the share of the run, 0 to 1, that the threads of a stage were busy. */
  double busyShare(Stage.Times stage) {
    return seconds == 0 ? 0 : stage.busy() / stage.threads() / seconds;
  }

  /** Returns the stage with the largest busy share: it limits the rate. */
  Stage.Times bottleneck() {
    return stages.stream().max(Comparator.comparingDouble(this::busyShare)).orElseThrow();
  }
}
