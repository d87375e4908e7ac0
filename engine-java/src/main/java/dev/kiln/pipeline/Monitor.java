package dev.kiln.pipeline;

import dev.kiln.error.MachineException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a pipeline to its end: calls a listener several times per second, and ends the pipeline if
 * it makes no progress or does not finish in time after {@link #stop}.
 */
public final class Monitor {
  private static final Logger log = LoggerFactory.getLogger(Monitor.class);
  private static final Duration TICK = Duration.ofMillis(100);

  /**
   * The most that one tick counts towards the stall limit. A longer one means that the process was
   * suspended, and the pipeline with it.
   */
  private static final Duration LONGEST_TICK = Duration.ofSeconds(1);

  /** Time that threads have to end after a failure before they are left behind. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Time to finish after a stop: a scheduler kills 30 s after SIGTERM. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

  /** The same as {@link #PATIENCE} after a stop, so that there is time to write the report. */
  private static final Duration PATIENCE_AFTER_STOP = Duration.ofSeconds(1);

  private final Pipeline pipeline;
  private final Supplier<?> progress;
  private final Duration stallLimit;
  private final Runnable onTick;
  private volatile long stoppedAt;
  private volatile long startedAt;

  /**
   * Creates a monitor of one pipeline.
   *
   * @param progress a value that changes whenever the pipeline makes progress
   * @param stallLimit longest time without progress
   * @param onTick called about ten times per second
   */
  public Monitor(Pipeline pipeline, Supplier<?> progress, Duration stallLimit, Runnable onTick) {
    this.pipeline = pipeline;
    this.progress = progress;
    this.stallLimit = stallLimit;
    this.onTick = onTick;
  }

  /** Asks the pipeline's source to end early; callable from any thread. */
  public void stop() {
    if (stoppedAt == 0) {
      stoppedAt = System.nanoTime();
    }
  }

  /** Returns whether {@link #stop} was called; the source asks before each item. */
  public boolean stopping() {
    return stoppedAt != 0;
  }

  /** Returns the seconds since the start. */
  public double seconds() {
    return startedAt == 0 ? 0 : (System.nanoTime() - startedAt) / 1e9;
  }

  /**
   * Starts the pipeline and waits for its end; call once.
   *
   * @return what ended it early; empty if it came to its end, or had too much left after a stop
   */
  public Optional<Throwable> run() throws InterruptedException {
    startedAt = System.nanoTime();
    pipeline.start();
    Object latest = progress.get();
    long before = startedAt;
    long idle = 0;
    long failing = 0;
    while (!pipeline.awaitEnd(TICK)) {
      long now = System.nanoTime();
      long tick = Math.min(now - before, LONGEST_TICK.toNanos());
      before = now;
      onTick.run();
      Object current = progress.get();
      idle = current.equals(latest) ? idle + tick : 0;
      latest = current;
      if (pipeline.failure().isPresent()) {
        failing += tick;
        if (failing > (stopping() ? PATIENCE_AFTER_STOP : PATIENCE).toNanos()) {
          log.error("threads left behind:\n{}", pipeline.stacks());
          break;
        }
      } else if (idle > stallLimit.toNanos()) {
        String reason = "no progress for " + stallLimit.toSeconds() + " s";
        log.error("{}:\n{}", reason, pipeline.stacks());
        pipeline.fail(new MachineException(reason, null));
      } else if (stopping() && now - stoppedAt > STOP_LIMIT.toNanos()) {
        log.warn("not finished {} s after the stop", STOP_LIMIT.toSeconds());
        pipeline.fail(new StopLimitReached());
      }
    }
    return pipeline.failure().filter(cause -> !(cause instanceof StopLimitReached));
  }

  private static final class StopLimitReached extends Exception {
    private static final long serialVersionUID = 1L;
  }
}
