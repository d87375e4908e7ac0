package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Stage;
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
    this.labels =
        new TreeMap<>(labels)
            .entrySet().stream()
                .map(e -> label(e.getKey(), e.getValue()))
                .collect(Collectors.joining(","));
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
    RunCounters.Counts counts = now.counts();
    StringBuilder text = new StringBuilder();
    family(text, "kiln_run_seconds", "gauge", "Seconds since the start of the run.")
        .sample("", now.seconds());
    family(text, "kiln_scenes", "gauge", "Scenes of the shard by state.")
        .sample(label("state", "embedded"), counts.embedded())
        .sample(label("state", "already_done"), counts.alreadyDone())
        .sample(label("state", "failed"), counts.failed())
        .sample(label("state", "left"), now.scenes() - now.settled());
    family(text, "kiln_chips_total", "counter", "Chips embedded.").sample("", counts.chips());
    family(text, "kiln_bytes_total", "counter", "Bytes fetched, decoded and written.")
        .sample(label("step", "fetched"), counts.bytesFetched())
        .sample(label("step", "decoded"), counts.bytesDecoded())
        .sample(label("step", "written"), counts.bytesWritten());
    Family threads = family(text, "kiln_stage_threads", "gauge", "Threads of a stage.");
    for (Stage.Times s : now.stages()) {
      threads.sample(label("stage", s.stage()), s.threads());
    }
    Family seconds =
        family(
            text, "kiln_stage_seconds_total", "counter", "Thread seconds of a stage by activity.");
    for (Stage.Times s : now.stages()) {
      String stage = label("stage", s.stage()) + ",";
      seconds
          .sample(stage + label("activity", "busy"), s.busy())
          .sample(stage + label("activity", "waiting"), s.waiting())
          .sample(stage + label("activity", "blocked"), s.blocked());
    }
    Family items = family(text, "kiln_queue_items", "gauge", "Items in a queue.");
    for (BoundedQueue.Fill q : now.queues()) {
      items.sample(label("queue", q.queue()), q.items());
    }
    Family capacity = family(text, "kiln_queue_capacity", "gauge", "Capacity of a queue.");
    for (BoundedQueue.Fill q : now.queues()) {
      capacity.sample(label("queue", q.queue()), q.capacity());
    }
    return text.toString();
  }

  /** Starts a metric; its samples must follow without those of another between them. */
  private Family family(StringBuilder text, String name, String type, String help) {
    text.append("# HELP %s %s\n# TYPE %s %s\n".formatted(name, help, name, type));
    return new Family(text, name);
  }

  /** A metric that is being written. */
  private final class Family {
    private final StringBuilder text;
    private final String name;

    Family(StringBuilder text, String name) {
      this.text = text;
      this.name = name;
    }

    Family sample(String own, double value) {
      String all = labels.isEmpty() || own.isEmpty() ? labels + own : labels + "," + own;
      String format = value == Math.rint(value) ? " %.0f\n" : " %.3f\n";
      text.append(name)
          .append(all.isEmpty() ? "" : "{" + all + "}")
          .append(String.format(Locale.ROOT, format, value));
      return this;
    }
  }

  private static String label(String name, String value) {
    String escaped = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    return name + "=\"" + escaped + "\"";
  }
}
