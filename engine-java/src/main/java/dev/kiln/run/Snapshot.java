package dev.kiln.run;

import dev.kiln.pipeline.Stage;
import java.util.Comparator;
import java.util.List;

/**
 * How a run stands at one moment.
 *
 * @param seconds since its start
 * @param scenes in the shard
 * @param counts of what is done
 * @param stages in the order of the chain
 * @param lanes between them
 */
public record Snapshot(
    double seconds,
    int scenes,
    RunCounters.Counts counts,
    List<Stage.Times> stages,
    List<Fill> lanes) {
  /** How many items a lane holds of how many it can. */
  public record Fill(String lane, int items, int capacity) {}

  public double chipsPerSecond() {
    return seconds == 0 ? 0 : counts.chips() / seconds;
  }

  /** Scenes that need nothing more from this run. */
  long settled() {
    return counts.alreadyDone() + counts.embedded() + counts.failed();
  }

  /** Seconds until the shard is done at the rate so far; NaN while there is no rate yet. */
  double secondsLeft() {
    long own = counts.embedded() + counts.failed();
    return own == 0 ? Double.NaN : seconds / own * (scenes - settled());
  }

  /** Share of the run so far that the threads of a stage were at work. */
  double busyShare(Stage.Times stage) {
    return seconds == 0 ? 0 : stage.busy() / stage.threads() / seconds;
  }

  /** The stage that was at work for the largest share of the run: it sets the pace. */
  Stage.Times bottleneck() {
    return stages.stream().max(Comparator.comparingDouble(this::busyShare)).orElseThrow();
  }
}
