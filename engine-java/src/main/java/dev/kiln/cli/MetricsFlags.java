package dev.kiln.cli;

import dev.kiln.logging.Logging;
import dev.kiln.otlp.OtlpMetrics;
import dev.kiln.run.Attempt;
import dev.kiln.run.CloudWatchMetrics;
import dev.kiln.run.EngineVersion;
import dev.kiln.run.MetricsFile;
import dev.kiln.run.ProgressListener;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Options for where the metrics of a run go. */
@Heading.Under(Heading.GENERAL)
final class MetricsFlags {
  @Option(
      names = "--metrics-file",
      paramLabel = "FILE",
      description =
          "Write metrics to this file in the Prometheus text format, for the textfile collector of"
              + " the node exporter.")
  private Path file;

  @Option(
      names = "--cloudwatch-metrics",
      paramLabel = "NAMESPACE",
      description =
          "Add metrics to the log in the CloudWatch embedded metric format, under this namespace;"
              + " needs --log-format json.")
  private String cloudWatchNamespace;

  @Option(
      names = "--otlp",
      paramLabel = "URL",
      description =
          "Send metrics to this OpenTelemetry collector by OTLP over HTTP, such as"
              + " http://localhost:4318 (default: OTEL_EXPORTER_OTLP_ENDPOINT).")
  private String collector;

  /**
   * Returns receivers of the metrics.
   *
   * @param run name of the run, or null
   * @param shard its index
   * @param environment with the variables of the scheduler
   */
  List<ProgressListener> listeners(String run, OptionalInt shard, Map<String, String> environment) {
    List<ProgressListener> listeners = new ArrayList<>();
    if (file != null) {
      Map<String, String> labels = new TreeMap<>();
      labels.put("run", run == null ? "" : run);
      shard.ifPresent(index -> labels.put("shard", Integer.toString(index)));
      listeners.add(new MetricsFile(file, labels));
    }
    if (cloudWatchNamespace != null) {
      if (Logging.format() != Logging.Format.JSON) {
        throw new OptionException("--cloudwatch-metrics: expected --log-format json, found text");
      }
      listeners.add(new CloudWatchMetrics(cloudWatchNamespace, run == null ? "unnamed" : run));
    }
    if (collector != null) {
      requireUrl(collector);
      listeners.add(new OtlpMetrics(collector, resource(run, shard, environment)));
    }
    return listeners;
  }

  private static void requireUrl(String url) {
    try {
      URI uri = new URI(url);
      boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (web && uri.getHost() != null) {
        return;
      }
    } catch (URISyntaxException e) {
      // Reported below.
    }
    throw new OptionException(
        "--otlp: expected a URL such as http://localhost:4318, found '" + url + "'");
  }

  /** Returns what distinguishes the metrics of this process from those of other children. */
  private static Map<String, String> resource(
      String run, OptionalInt shard, Map<String, String> environment) {
    String host = Attempt.host(environment);
    String process = Long.toString(ProcessHandle.current().pid());
    Map<String, String> attributes = new TreeMap<>();
    attributes.put("service.version", EngineVersion.number());
    attributes.put("service.instance.id", host + "-" + process);
    attributes.put("host.name", host);
    attributes.put("process.pid", process);
    if (run != null) {
      attributes.put("kiln.run", run);
    }
    shard.ifPresent(index -> attributes.put("kiln.shard", Integer.toString(index)));
    // Such as aws.batch.job.id, aws.batch.job.attempt and slurm.job.id.
    Attempt.scheduler(environment)
        .forEach(
            (name, value) ->
                attributes.put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value));
    return attributes;
  }
}
