package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.run.ReportKey;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The reports of all children, read many at once. Those that are the last of their child are read
 * once, however often they are asked for. The store is borrowed.
 */
final class ShardReports implements AutoCloseable {
  private static final int AT_ONCE = 32;

  private final ObjectStore out;
  private final Map<String, ShardReport> last = new ConcurrentHashMap<>();
  private final ExecutorService readers =
      Executors.newFixedThreadPool(
          AT_ONCE,
          task -> {
            Thread thread = new Thread(task, "reports");
            thread.setDaemon(true);
            return thread;
          });

  ShardReports(ObjectStore out) {
    this.out = out;
  }

  /**
   * Reads the reports of a run.
   *
   * @param run its name; null for the one without
   */
  List<ShardReport> of(String run) throws IOException {
    String folder = ReportKey.folder(run);
    List<Callable<ShardReport>> reads = new ArrayList<>();
    for (String name : out.list(folder)) {
      if (name.endsWith(".json") && (name.startsWith("shard-") || name.equals("run.json"))) {
        reads.add(() -> read(folder + "/" + name, name));
      }
    }
    try {
      List<ShardReport> reports = new ArrayList<>();
      for (Future<ShardReport> read : readers.invokeAll(reads)) {
        reports.add(read.get());
      }
      return reports;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(out.uri(folder) + ": interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw e.getCause() instanceof RuntimeException fault
          ? fault
          : new IllegalStateException(e.getCause());
    }
  }

  private ShardReport read(String key, String name) throws IOException {
    ShardReport known = last.get(key);
    if (known != null) {
      return known;
    }
    ShardReport report;
    try {
      report =
          ShardReport.of(
              name, JsonMapper.shared().readTree(SubmissionLedger.Objects.read(out, key)));
    } catch (JacksonException e) {
      throw new ConfigurationException(out.uri(key) + ": no report of kiln embed; move it away", e);
    }
    if (report.last()) {
      last.put(key, report);
    }
    return report;
  }

  @Override
  public void close() {
    readers.shutdownNow();
  }
}
