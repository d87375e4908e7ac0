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
 * attempt that runs from one that was killed. Uses a thread of its own, because a slow output must
 * not delay the run.
 */
final class Heartbeat implements ProgressListener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);

  /** Between two writes. A bucket takes about 0.0003 dollars per child and hour for them. */
  static final Duration INTERVAL = Duration.ofMinutes(1);

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private final ScheduledExecutorService writer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "heartbeat");
            thread.setDaemon(true);
            return thread;
          });
  private volatile Supplier<Snapshot> latest;

  /**
   * Starts to write.
   *
   * @param interval between two writes
   * @param write takes the progress; called from another thread
   */
  Heartbeat(Duration interval, Consumer<Snapshot> write) {
    Runnable beat =
        () -> {
          Supplier<Snapshot> now = latest;
          if (now != null) {
            write.accept(now.get());
          }
        };
    writer.scheduleWithFixedDelay(
        beat, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void tick(Supplier<Snapshot> snapshot) {
    latest = snapshot;
  }

  /** Ends the writing: the final report must not be overwritten by a late heartbeat. */
  @Override
  public void close() {
    writer.shutdownNow();
    try {
      if (!writer.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("the last heartbeat is still being written after {} s", CLOSE_LIMIT.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
