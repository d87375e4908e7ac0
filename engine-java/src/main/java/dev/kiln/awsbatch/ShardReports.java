package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.io.Workers;
import dev.kiln.run.ReportKey;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reader of the reports of all children, with concurrent requests. Final reports are cached. The
 * store is borrowed.
 */
final class ShardReports implements AutoCloseable {
  private static final int CONCURRENCY = 32;

  private final ObjectStore out;
  private final Map<String, ShardReport> finalReports = new ConcurrentHashMap<>();
  private final Workers readers = new Workers("reports", CONCURRENCY);

  ShardReports(ObjectStore out) {
    this.out = out;
  }

  /**
   * Returns the reports of a run.
   *
   * @param run name of the run; null for the one without a name
   */
  List<ShardReport> of(String run) throws IOException {
    return in(ReportKey.directory(run));
  }

  /** Returns the reports in a directory; the empty one is the root of the store. */
  List<ShardReport> in(String directory) throws IOException {
    List<String> names =
        out.list(directory).stream()
            .filter(n -> n.endsWith(".json") && n.matches("(shard-\\d+|run)\\b.*"))
            .toList();
    Map<String, ShardReport> reports = new ConcurrentHashMap<>();
    try {
      readers.forEach(
          names, n -> reports.put(n, read(directory.isEmpty() ? n : directory + "/" + n, n)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(out.uri(directory) + ": interrupted");
    }
    return names.stream().map(reports::get).toList();
  }

  private ShardReport read(String key, String name) throws IOException {
    ShardReport known = finalReports.get(key);
    if (known != null) {
      return known;
    }
    ShardReport report;
    try {
      report =
          ShardReport.of(
              name, JsonMapper.shared().readTree(SubmissionLedger.KilnFiles.read(out, key)));
    } catch (JacksonException e) {
      throw new ConfigurationException(
          out.uri(key) + ": expected a report of kiln embed, found other text; delete it", e);
    }
    if (report.last()) {
      finalReports.put(key, report);
    }
    return report;
  }

  @Override
  public void close() {
    readers.close();
  }
}
