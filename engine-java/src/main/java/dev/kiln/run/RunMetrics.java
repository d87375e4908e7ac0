package dev.kiln.run;

import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Stage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The metrics of a run: those of the Prometheus text file and of OTLP. Stages and queues have the
 * names of the log.
 */
public final class RunMetrics {
  private RunMetrics() {}

  /** How the values of a metric change. */
  public enum Type {
    /** In both directions. */
    GAUGE,
    /** Only upwards during a run. */
    COUNTER
  }

  /**
   * A value of a metric.
   *
   * @param labels that distinguish it from the other values of the metric
   * @param value at one moment
   */
  public record Sample(Map<String, String> labels, double value) {}

  /**
   * A metric with all its values.
   *
   * @param name such as {@code kiln.chips}
   * @param type how its values change
   * @param unit in the notation of UCUM
   * @param help one sentence
   * @param samples values at one moment
   */
  public record Family(
      String name, Type type, String unit, String help, Function<Snapshot, List<Sample>> samples) {

    /** {@return the name in Prometheus, also after a translation from OTLP} */
    public String prometheusName() {
      return name.replace('.', '_') + (type == Type.COUNTER ? "_total" : "");
    }
  }

  /** All metrics, in the order of the file. */
  public static final List<Family> ALL =
      List.of(
          new Family(
              "kiln.run.seconds",
              Type.GAUGE,
              "s",
              "Seconds since the start of the run.",
              now -> List.of(new Sample(Map.of(), now.seconds()))),
          new Family(
              "kiln.scenes",
              Type.GAUGE,
              "{scene}",
              "Scenes of the shard by state.",
              now ->
                  List.of(
                      new Sample(Map.of("state", "embedded"), now.counts().embedded()),
                      new Sample(Map.of("state", "already_done"), now.counts().alreadyDone()),
                      new Sample(Map.of("state", "failed"), now.counts().failed()),
                      new Sample(Map.of("state", "left"), now.scenes() - now.settled()))),
          new Family(
              "kiln.chips",
              Type.COUNTER,
              "{chip}",
              "Chips embedded.",
              now -> List.of(new Sample(Map.of(), now.counts().chips()))),
          new Family(
              "kiln.bytes",
              Type.COUNTER,
              "By",
              "Bytes fetched, decoded and written.",
              now ->
                  List.of(
                      new Sample(Map.of("step", "fetched"), now.counts().bytesFetched()),
                      new Sample(Map.of("step", "decoded"), now.counts().bytesDecoded()),
                      new Sample(Map.of("step", "written"), now.counts().bytesWritten()))),
          new Family(
              "kiln.stage.threads",
              Type.GAUGE,
              "{thread}",
              "Threads of a stage.",
              now -> now.stages().stream().map(s -> ofStage(s, s.threads())).toList()),
          new Family(
              "kiln.stage.seconds",
              Type.COUNTER,
              "s",
              "Thread seconds of a stage by activity.",
              now ->
                  now.stages().stream()
                      .flatMap(
                          s ->
                              Stream.of(
                                  activity(s, "busy", s.busy()),
                                  activity(s, "waiting", s.waiting()),
                                  activity(s, "blocked", s.blocked())))
                      .toList()),
          new Family(
              "kiln.queue.items",
              Type.GAUGE,
              "{item}",
              "Items in a queue.",
              now -> now.queues().stream().map(q -> ofQueue(q, q.items())).toList()),
          new Family(
              "kiln.queue.capacity",
              Type.GAUGE,
              "{item}",
              "Capacity of a queue.",
              now -> now.queues().stream().map(q -> ofQueue(q, q.capacity())).toList()));

  private static Sample ofStage(Stage.Times stage, double value) {
    return new Sample(Map.of("stage", stage.stage()), value);
  }

  private static Sample activity(Stage.Times stage, String activity, double seconds) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("stage", stage.stage());
    labels.put("activity", activity);
    return new Sample(labels, seconds);
  }

  private static Sample ofQueue(BoundedQueue.Fill queue, double value) {
    return new Sample(Map.of("queue", queue.queue()), value);
  }
}
