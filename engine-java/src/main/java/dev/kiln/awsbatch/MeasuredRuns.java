package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.util.List;

/** Reader of measured runs: a single report, or all reports of a run added up. */
public final class MeasuredRuns {
  private MeasuredRuns() {}

  /**
   * Reads a report, or the reports in a directory or below a key prefix.
   *
   * @param uri a file that ends in {@code .json}, or a directory of reports, such as {@code
   *     OUT/_kiln/SUBMISSION}
   * @throws ConfigurationException if there is no report, or the runs embedded nothing
   */
  public static MeasuredRun read(String uri, StoreOptions options) throws IOException {
    if (uri.endsWith(".json")) {
      return MeasuredRun.read(uri, () -> ObjectStores.stream(uri, options));
    }
    try (ObjectStore store = ObjectStores.open(uri, options);
        ShardReports reports = new ShardReports(store)) {
      List<MeasuredRun> runs =
          reports.in("").stream()
              .filter(report -> !report.running())
              .map(ShardReport::measured)
              .toList();
      if (runs.isEmpty()) {
        throw new ConfigurationException(
            "--report " + uri + ": expected reports of kiln embed, found none");
      }
      return MeasuredRun.sum(uri, runs);
    }
  }
}
