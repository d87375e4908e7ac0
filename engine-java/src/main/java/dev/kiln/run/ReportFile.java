package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.UnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The report of one attempt at a shard, in the output. Each attempt has a different key.
 *
 * @param out borrowed
 * @param key of the report
 * @param attempt that is reported
 */
record ReportFile(ObjectStore out, String key, Attempt attempt) {
  private static final Logger log = LoggerFactory.getLogger(ReportFile.class);

  /**
   * Writes that the attempt has started, which also proves that the output can be written.
   *
   * @throws ConfigurationException if the output cannot be written
   * @throws UncheckedIOException if the output cannot be reached
   */
  void announce() {
    try {
      put(RunReport.running(attempt, Optional.empty()));
    } catch (UnavailableException e) {
      throw new UncheckedIOException(e);
    } catch (IOException e) {
      throw new ConfigurationException(
          "cannot write --out %s (%s): fix its permissions, free space or choose another"
              .formatted(out.root(), e instanceof FileSystemException ? e : e.getMessage()),
          e);
    }
  }

  /** Writes that the attempt is running; a failure is logged, because the run goes on. */
  void heartbeat(Snapshot now) {
    try {
      put(RunReport.running(attempt, Optional.of(now)));
    } catch (IOException e) {
      log.warn("cannot write heartbeat: report={} reason=\"{}\"", out.uri(key), e.toString());
    }
  }

  /** Writes the report; a failure is logged, because the files are complete without it. */
  void write(RunReport report) {
    try {
      put(report.json(attempt.end()));
      log.info("report  {}", out.uri(key));
    } catch (IOException e) {
      log.error("cannot write report: report={} reason=\"{}\"", out.uri(key), e.toString());
    }
  }

  private void put(byte[] json) throws IOException {
    out.put(key, json);
  }
}
