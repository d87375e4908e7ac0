package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.UnavailableException;
import dev.kiln.infer.Encoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run inside a process of its own: ends early on SIGTERM and leaves a report beside the files.
 */
public final class ShardRun {
  private static final Logger log = LoggerFactory.getLogger(ShardRun.class);

  /** Schedulers kill 30 s after SIGTERM. */
  private static final Duration GRACE = Duration.ofSeconds(25);

  private ShardRun() {}

  /**
   * Embeds a shard and writes its report.
   *
   * @param reportKey key of the report in the output store
   * @return what was done; its exit code is the process's
   * @throws ConfigurationException if the output cannot be written
   * @throws UncheckedIOException if it could not be reached, which may pass
   */
  public static RunReport embed(
      EmbeddingJob job,
      RunOptions options,
      Encoder encoder,
      ProgressListener progress,
      String reportKey)
      throws InterruptedException {
    EmbeddingRun run = new EmbeddingRun(job, options, encoder, progress);
    CountDownLatch reported = new CountDownLatch(1);
    Thread onSignal = new Thread(() -> stopAndWait(run, reported), "stop");
    Runtime.getRuntime().addShutdownHook(onSignal);
    try {
      announce(job, reportKey);
      RunReport report = run.run();
      writeReport(job, report, reportKey);
      return report;
    } finally {
      reported.countDown();
      removeHook(onSignal);
    }
  }

  private static void stopAndWait(EmbeddingRun run, CountDownLatch reported) {
    log.warn("asked to end: finishing what is in the encoder");
    run.stop();
    try {
      if (!reported.await(GRACE.toSeconds(), TimeUnit.SECONDS)) {
        log.warn("ended after {} s; the next run does what is left", GRACE.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.debug("the process is ending already");
    }
  }

  private static void writeReport(EmbeddingJob job, RunReport report, String key) {
    try {
      job.out().put(key, report.json());
      log.info("report  {}", job.out().uri(key));
    } catch (IOException e) {
      // The files are whole without it, so the run counts as what it did.
      log.error("the report {} could not be written: {}", job.out().uri(key), e.toString());
    }
  }

  /** Shows whoever watches that the shard is under way, and that the output can be written. */
  private static void announce(EmbeddingJob job, String key) {
    try {
      job.out().put(key, "{\"state\": \"running\"}\n".getBytes(StandardCharsets.UTF_8));
    } catch (UnavailableException e) {
      throw new UncheckedIOException(e);
    } catch (IOException e) {
      throw new ConfigurationException(
          "--out "
              + job.out().root()
              + " cannot be written ("
              + e
              + "): mend its rights or give"
              + " another",
          e);
    }
  }
}
