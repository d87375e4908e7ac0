package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Metrics of a run in the Prometheus text format, for the textfile collector of the node exporter.
 * Stages and queues have the names of the log. The file is replaced atomically.
 */
public final class MetricsFile implements ProgressListener {
  private static final Logger log = LoggerFactory.getLogger(MetricsFile.class);
  private static final long INTERVAL_NANOS = 10_000_000_000L;

  private final Path file;
  private final String labels;
  private long next = System.nanoTime();
  private boolean failed;

  /**
   * Creates the file.
   *
   * @param file replaced on each write
   * @param labels labels of every metric, such as run and shard
   * @throws ConfigurationException if the file cannot be written
   */
  public MetricsFile(Path file, Map<String, String> labels) {
    this.file = file.toAbsolutePath();
    this.labels = labels(new TreeMap<>(labels));
    try {
      replace("");
    } catch (IOException e) {
      throw new ConfigurationException(
          "--metrics-file " + file + ": cannot be written (" + e + "); fix its permissions", e);
    }
  }

  @Override
  public void tick(Supplier<Snapshot> snapshot) {
    if (System.nanoTime() >= next) {
      next = System.nanoTime() + INTERVAL_NANOS;
      write(snapshot.get());
    }
  }

  @Override
  public void ended(RunReport report) {
    write(report.run());
  }

  /**
   * Writes a snapshot; a failure is logged once, because the run does not depend on it.
   *
   * @param snapshot state of the run
   */
  public void write(Snapshot snapshot) {
    try {
      replace(text(snapshot));
    } catch (IOException e) {
      if (!failed) {
        log.warn(
            "cannot write metrics: file={} reason=\"{}\"; logged once, fix its permissions",
            file,
            e.toString());
      }
      failed = true;
    }
  }

  private void replace(String text) throws IOException {
    Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
    Files.writeString(temporary, text);
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private String text(Snapshot now) {
    StringBuilder text = new StringBuilder();
    for (RunMetrics.Family family : RunMetrics.ALL) {
      String name = family.prometheusName();
      String type = family.type().name().toLowerCase(Locale.ROOT);
      text.append("# HELP %s %s\n# TYPE %s %s\n".formatted(name, family.help(), name, type));
      for (RunMetrics.Sample sample : family.samples().apply(now)) {
        String own = labels(sample.labels());
        String all = labels.isEmpty() || own.isEmpty() ? labels + own : labels + "," + own;
        double value = sample.value();
        text.append(name)
            .append(all.isEmpty() ? "" : "{" + all + "}")
            .append(
                String.format(
                    Locale.ROOT, value == Math.rint(value) ? " %.0f\n" : " %.3f\n", value));
      }
    }
    return text.toString();
  }

  private static String labels(Map<String, String> values) {
    return values.entrySet().stream()
        .map(e -> label(e.getKey(), e.getValue()))
        .collect(Collectors.joining(","));
  }

  private static String label(String name, String value) {
    String escaped = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    return name + "=\"" + escaped + "\"";
  }
}
