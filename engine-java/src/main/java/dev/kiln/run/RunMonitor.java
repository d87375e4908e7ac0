package dev.kiln.run;

import dev.kiln.error.MachineException;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the chain and stands by until it ends: tells progress, enforces stop and stall limits. */
final class RunMonitor {
  private static final Logger log = LoggerFactory.getLogger(EmbeddingRun.class);
  private static final Duration TICK = Duration.ofMillis(100);

  /** After a failure the threads have so long to end before they are left behind. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** A scheduler kills 30 s after SIGTERM; what is not written after so long will not be. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

  private final Pipeline chain;
  private final RunCounters tally;
  private final List<BoundedQueue<?>> lanes;
  private final Duration stallLimit;
  private final ProgressListener progress;
  private final int scenes;
  private volatile long stoppedAt;
  private long startedAt;

  /**
   * @param scenes in the shard
   */
  RunMonitor(
      Pipeline chain,
      RunCounters tally,
      List<BoundedQueue<?>> lanes,
      Duration stallLimit,
      int scenes,
      ProgressListener progress) {
    this.chain = chain;
    this.tally = tally;
    this.lanes = List.copyOf(lanes);
    this.stallLimit = stallLimit;
    this.scenes = scenes;
    this.progress = progress;
  }

  /** Asks the run to end early. */
  void stop() {
    if (stoppedAt == 0) {
      stoppedAt = System.nanoTime();
    }
  }

  boolean stopping() {
    return stoppedAt != 0;
  }

  /**
   * Runs the chain.
   *
   * @return what ended it, or null if it came to its end
   */
  Throwable runToTheEnd() throws InterruptedException {
    startedAt = System.nanoTime();
    chain.start();
    RunCounters.Counts counts = tally.counts();
    long movedAt = startedAt;
    long failedAt = 0;
    while (!chain.ended(TICK)) {
      long now = System.nanoTime();
      progress.tick(this::snapshot);
      RunCounters.Counts latest = tally.counts();
      if (!latest.equals(counts)) {
        counts = latest;
        movedAt = now;
      }
      if (chain.failure() != null) {
        failedAt = failedAt == 0 ? now : failedAt;
        if (now - failedAt > PATIENCE.toNanos()) {
          log.error("threads that do not end are left behind:\n{}", chain.stacks());
          break;
        }
      } else if (now - movedAt > stallLimit.toNanos()) {
        log.error("nothing moved for {} s:\n{}", stallLimit.toSeconds(), chain.stacks());
        chain.fail(
            new MachineException("nothing moved for " + stallLimit.toSeconds() + " s", null));
      } else if (stopping() && now - stoppedAt > STOP_LIMIT.toNanos()) {
        log.warn("stopped: what was not finished in {} s is left", STOP_LIMIT.toSeconds());
        chain.fail(new StopLimitReached());
      }
    }
    Throwable failure = chain.failure();
    return failure instanceof StopLimitReached ? null : failure;
  }

  /** How the run stands. */
  Snapshot snapshot() {
    return new Snapshot(
        (System.nanoTime() - startedAt) / 1e9,
        scenes,
        tally.counts(),
        chain.stages().stream().map(Stage::times).toList(),
        lanes.stream().map(l -> new Snapshot.Fill(l.name(), l.size(), l.capacity())).toList());
  }

  private static final class StopLimitReached extends Exception {
    private static final long serialVersionUID = 1L;
  }
}
