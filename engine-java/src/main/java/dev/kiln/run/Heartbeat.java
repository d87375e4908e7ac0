package dev.kiln.run;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the progress of an attempt into its report every minute, so that others can distinguish an
 * attempt that runs from one that was killed. Writes on a separate thread, because a slow output
 * must not delay the run.
 */
final class Heartbeat implements ProgressListener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);

  /** Between two writes. A bucket takes about 0.0003 dollars per child and hour for them. */
  static final Duration INTERVAL = Duration.ofMinutes(1);

  /** Less than the time that a scheduler leaves after SIGTERM. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(15);

  private final ScheduledExecutorService writer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "heartbeat");
            thread.setDaemon(true);
            return thread;
          });
  private final Duration closeLimit;
  private volatile Supplier<Snapshot> latest;

  /**
   * Starts to write.
   *
   * @param interval between two writes
   * @param write takes the progress; called from another thread
   */
  Heartbeat(Duration interval, Consumer<Snapshot> write) {
    this(interval, CLOSE_LIMIT, write);
  }

  /**
   * Starts to write.
   *
   * @param closeLimit how long {@link #close} waits for a write in progress
   */
  Heartbeat(Duration interval, Duration closeLimit, Consumer<Snapshot> write) {
    this.closeLimit = closeLimit;
    writer.scheduleWithFixedDelay(
        () -> beat(write), interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Writes once. An exception would end the schedule, so that a run seems to have been killed. */
  private void beat(Consumer<Snapshot> write) {
    try {
      Supplier<Snapshot> now = latest;
      if (now != null) {
        write.accept(now.get());
      }
    } catch (RuntimeException e) {
      log.warn("cannot write heartbeat: reason=\"{}\"; the next is due as usual", e.toString());
    }
  }

  @Override
  public void tick(Supplier<Snapshot> snapshot) {
    latest = snapshot;
  }

  /**
   * Ends the writing. A write in progress is waited for: interrupted, it could still reach the
   * output after the final report, and replace it.
   */
  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(closeLimit.toMillis(), TimeUnit.MILLISECONDS)) {
        writer.shutdownNow();
        log.warn(
            "heartbeat is still being written: waited_s={}; it can replace the final report",
            closeLimit.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
