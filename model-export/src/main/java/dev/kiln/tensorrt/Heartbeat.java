package dev.kiln.tensorrt;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/** Says from time to time that something long still goes on. */
final class Heartbeat implements AutoCloseable {
  private static final int SECONDS = 15;

  private final Logger log;
  private final Instant start;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "heartbeat");
            thread.setDaemon(true);
            return thread;
          });
  private volatile String what;

  Heartbeat(Logger log, String what, Instant start) {
    this.log = log;
    this.what = what;
    this.start = start;
    timer.scheduleAtFixedRate(this::beat, SECONDS, SECONDS, TimeUnit.SECONDS);
  }

  private void beat() {
    log.info("{}: {} s so far", what, Duration.between(start, Instant.now()).toSeconds());
  }

  /** What goes on from here. */
  void now(String phase) {
    what = phase;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
