package dev.kiln.run;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops a run when the JVM is asked to exit (SIGTERM, Ctrl-C), and keeps the JVM alive until the
 * run has saved. Closing it removes the hook.
 */
final class StopOnSigterm implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StopOnSigterm.class);

  /** Schedulers kill 30 s after SIGTERM. */
  private static final Duration GRACE = Duration.ofSeconds(25);

  private final CountDownLatch saved = new CountDownLatch(1);
  private final Thread hook;

  /**
   * Installs the hook.
   *
   * @param stop asks the run to end early
   */
  StopOnSigterm(Runnable stop) {
    this.hook = new Thread(() -> stopAndWait(stop), "stop");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stopAndWait(Runnable stop) {
    log.warn("asked to exit, saving: limit_s={}", GRACE.toSeconds());
    stop.run();
    try {
      if (!saved.await(GRACE.toSeconds(), TimeUnit.SECONDS)) {
        log.warn(
            "exiting before all is saved, run again to embed the rest: limit_s={}",
            GRACE.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    saved.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.debug("the JVM is exiting already");
    }
  }
}
