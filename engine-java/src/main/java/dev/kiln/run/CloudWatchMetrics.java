package dev.kiln.run;

import dev.kiln.pipeline.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Metrics of a run in the log, in the CloudWatch embedded metric format: CloudWatch Logs turns such
 * lines of JSON into metrics. Counts are differences to the line before, so that their sums over
 * time and children are right. The only dimensions are the run and the stage: one per child would
 * be a metric per child to pay for.
 */
public final class CloudWatchMetrics implements ProgressListener {
  private static final Logger log = LoggerFactory.getLogger(CloudWatchMetrics.class);

  /** The finest resolution of standard metrics. */
  private static final Duration INTERVAL = Duration.ofMinutes(1);

  private final String namespace;
  private final String run;
  private long next = System.nanoTime() + INTERVAL.toNanos();
  private Snapshot before;

  /**
   * Creates metrics.
   *
   * @param namespace of the metrics
   * @param run name of the run, a dimension
   */
  public CloudWatchMetrics(String namespace, String run) {
    this.namespace = namespace;
    this.run = run;
  }

  @Override
  public void tick(Supplier<Snapshot> snapshot) {
    if (System.nanoTime() >= next) {
      next = System.nanoTime() + INTERVAL.toNanos();
      log(snapshot.get());
    }
  }

  @Override
  public void ended(RunReport report) {
    log(report.run());
  }

  /**
   * Logs the metrics since the last call: one line for the run, and one per stage.
   *
   * @param now state of the run
   */
  public synchronized void log(Snapshot now) {
    RunCounters.Counts counts = now.counts();
    RunCounters.Counts last = before == null ? null : before.counts();
    Line line = new Line(List.of("Run"));
    line.metric(
        "ScenesEmbedded", "Count", counts.embedded() - (last == null ? 0 : last.embedded()));
    line.metric("ScenesFailed", "Count", counts.failed() - (last == null ? 0 : last.failed()));
    line.metric("ChipsEmbedded", "Count", counts.chips() - (last == null ? 0 : last.chips()));
    line.metric(
        "BytesFetched", "Bytes", counts.bytesFetched() - (last == null ? 0 : last.bytesFetched()));
    line.metric(
        "BytesWritten", "Bytes", counts.bytesWritten() - (last == null ? 0 : last.bytesWritten()));
    line.metric("ScenesLeft", "Count", now.scenes() - now.settled());
    line.write();
    double seconds = now.seconds() - (before == null ? 0 : before.seconds());
    for (int i = 0; i < now.stages().size() && seconds > 0; i++) {
      Stage.Times stage = now.stages().get(i);
      Stage.Times earlier = before == null ? null : before.stages().get(i);
      double share = 100 / (seconds * stage.threads());
      Line of = new Line(List.of("Run", "Stage"));
      of.event = of.event.addKeyValue("Stage", stage.stage());
      of.metric("Busy", "Percent", share * (stage.busy() - (earlier == null ? 0 : earlier.busy())));
      of.metric(
          "Waiting",
          "Percent",
          share * (stage.waiting() - (earlier == null ? 0 : earlier.waiting())));
      of.metric(
          "Blocked",
          "Percent",
          share * (stage.blocked() - (earlier == null ? 0 : earlier.blocked())));
      of.write();
    }
    before = now;
  }

  /** A line under construction. */
  private final class Line {
    private final List<String> dimensions;
    private final List<Map<String, String>> metrics = new ArrayList<>();
    private LoggingEventBuilder event = log.atInfo().addKeyValue("Run", run);

    Line(List<String> dimensions) {
      this.dimensions = dimensions;
    }

    void metric(String name, String unit, double value) {
      Map<String, String> definition = new LinkedHashMap<>();
      definition.put("Name", name);
      definition.put("Unit", unit);
      metrics.add(definition);
      event = event.addKeyValue(name, Math.round(value * 1000) / 1000.0);
    }

    void write() {
      Map<String, Object> directive = new LinkedHashMap<>();
      directive.put("Namespace", namespace);
      directive.put("Dimensions", List.of(dimensions));
      directive.put("Metrics", metrics);
      event
          .addKeyValue(
              "_aws",
              Map.of(
                  "Timestamp",
                  Instant.now().toEpochMilli(),
                  "CloudWatchMetrics",
                  List.of(directive)))
          .log("metrics");
    }
  }
}
