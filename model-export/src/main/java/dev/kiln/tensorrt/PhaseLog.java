package dev.kiln.tensorrt;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/** Logs regularly that a long operation is still running. */
final class PhaseLog implements AutoCloseable {
  private static final int SECONDS = 15;

  private final Logger log;
  private final Instant start;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "phases");
            thread.setDaemon(true);
            return thread;
          });
  private volatile String phase;

  PhaseLog(Logger log, String phase, Instant start) {
    this.log = log;
    this.phase = phase;
    this.start = start;
    timer.scheduleAtFixedRate(this::beat, SECONDS, SECONDS, TimeUnit.SECONDS);
  }

  private void beat() {
    log.info("{}: running for {} s", phase, Duration.between(start, Instant.now()).toSeconds());
  }

  /** Sets the current phase. */
  void now(String next) {
    phase = next;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
