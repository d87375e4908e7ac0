package dev.kiln.otlp;

import dev.kiln.error.ConfigurationException;
import dev.kiln.run.ProgressListener;
import dev.kiln.run.RunMetrics;
import dev.kiln.run.RunReport;
import dev.kiln.run.Snapshot;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableDoubleMeasurement;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentSelector;
import io.opentelemetry.sdk.metrics.SdkMeterProviderBuilder;
import io.opentelemetry.sdk.metrics.View;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Metrics of a run for a collector that speaks OTLP over HTTP. Everything but the endpoint comes
 * from OpenTelemetry's own variables ({@code OTEL_…}). The run does not depend on the collector: a
 * failure is one warning, and the end of a run waits for it {@value #END_SECONDS} s at most.
 */
public final class OtlpMetrics implements ProgressListener {
  /** A process that was asked to exit is killed 30 s later. */
  private static final int END_SECONDS = 5;

  /** The same for a collector that has failed before. */
  private static final int FAILED_END_SECONDS = 1;

  private static final Duration RETRY_PAUSE = Duration.ofMillis(500);
  private static final String PATH = "/v1/metrics";

  private final String endpoint;
  private final ExportLog exportLog;
  private final OpenTelemetrySdk sdk;
  private volatile Supplier<Snapshot> latest;

  /**
   * Starts to export.
   *
   * @param endpoint URL of the collector, with or without {@code /v1/metrics}
   * @param attributes of the resource, such as the shard
   * @throws ConfigurationException if a variable of OpenTelemetry has a value that is not supported
   */
  public OtlpMetrics(String endpoint, Map<String, String> attributes) {
    this.endpoint = endpoint;
    this.exportLog = ExportLog.install(endpoint);
    try {
      this.sdk =
          AutoConfiguredOpenTelemetrySdk.builder()
              .addPropertiesSupplier(OtlpMetrics::defaults)
              .addPropertiesCustomizer(this::overrides)
              .addResourceCustomizer((found, config) -> resource(attributes).merge(found))
              .addMeterProviderCustomizer((builder, config) -> withoutOwn(builder))
              .disableShutdownHook()
              .build()
              .getOpenTelemetrySdk();
    } catch (ConfigurationException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new ConfigurationException("OpenTelemetry: " + e.getMessage(), e);
    }
    Meter meter = sdk.getMeter("dev.kiln");
    RunMetrics.ALL.forEach(family -> register(meter, family));
  }

  /** Values of settings that users have not set. */
  private static Map<String, String> defaults() {
    return Map.of(
        "otel.service.name",
        "kiln",
        "otel.exporter.otlp.protocol",
        "http/protobuf",
        // The next export has the same counters; the one at the end is repeated here.
        "otel.java.exporter.otlp.retry.disabled",
        "true");
  }

  private Map<String, String> overrides(ConfigProperties config) {
    String protocol =
        config.getString(
            "otel.exporter.otlp.metrics.protocol",
            config.getString("otel.exporter.otlp.protocol", ""));
    if (!protocol.equals("http/protobuf")) {
      throw new ConfigurationException(
          "OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, found "
              + protocol
              + "; give the collector's port for HTTP, usually 4318");
    }
    Map<String, String> set = new HashMap<>();
    set.put("otel.traces.exporter", "none");
    set.put("otel.logs.exporter", "none");
    String base = config.getString("otel.exporter.otlp.endpoint", "");
    String metrics = config.getString("otel.exporter.otlp.metrics.endpoint", "");
    // An endpoint that comes from one of these variables keeps the meaning that it has there.
    if (!endpoint.equals(metrics) && !(endpoint.equals(base) && metrics.isEmpty())) {
      set.put(
          "otel.exporter.otlp.metrics.endpoint",
          endpoint.endsWith(PATH) ? endpoint : endpoint.replaceAll("/+$", "") + PATH);
    }
    return set;
  }

  /** Leaves out the SDK's metrics of itself. */
  private static SdkMeterProviderBuilder withoutOwn(SdkMeterProviderBuilder builder) {
    View dropped = View.builder().setAggregation(Aggregation.drop()).build();
    return builder
        .registerView(InstrumentSelector.builder().setName("otel.*").build(), dropped)
        .registerView(InstrumentSelector.builder().setName("otlp.*").build(), dropped);
  }

  private static Resource resource(Map<String, String> attributes) {
    AttributesBuilder builder = Attributes.builder();
    attributes.forEach(builder::put);
    return Resource.create(builder.build());
  }

  private void register(Meter meter, RunMetrics.Family family) {
    if (family.type() == RunMetrics.Type.COUNTER) {
      meter
          .counterBuilder(family.name())
          .ofDoubles()
          .setUnit(family.unit())
          .setDescription(family.help())
          .buildWithCallback(measurement -> record(family, measurement));
    } else {
      meter
          .gaugeBuilder(family.name())
          .setUnit(family.unit())
          .setDescription(family.help())
          .buildWithCallback(measurement -> record(family, measurement));
    }
  }

  private void record(RunMetrics.Family family, ObservableDoubleMeasurement measurement) {
    Supplier<Snapshot> snapshot = latest;
    if (snapshot == null) {
      return;
    }
    for (RunMetrics.Sample sample : family.samples().apply(snapshot.get())) {
      AttributesBuilder labels = Attributes.builder();
      sample.labels().forEach(labels::put);
      measurement.record(sample.value(), labels.build());
    }
  }

  @Override
  public void tick(Supplier<Snapshot> snapshot) {
    boolean first = latest == null;
    latest = snapshot;
    if (first) {
      // Shows a wrong endpoint at once. Another thread sends it.
      sdk.getSdkMeterProvider().forceFlush();
    }
  }

  @Override
  public void ended(RunReport report) {
    latest = report::run;
    end(Duration.ofSeconds(exportLog.hasWarned() ? FAILED_END_SECONDS : END_SECONDS));
  }

  /** Exports the last state; gives up after a time. */
  void end(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    try {
      boolean exported = false;
      for (long left = limit.toMillis(); !exported && left > 0; ) {
        CompletableResultCode done = sdk.getSdkMeterProvider().forceFlush();
        done.join(left, TimeUnit.MILLISECONDS);
        exported = done.isSuccess();
        left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (!exported && left > 0) {
          Thread.sleep(Math.min(left, RETRY_PAUSE.toMillis()));
        }
      }
      if (!exported) {
        exportLog.warn("no success within " + limit.toSeconds() + " s at the end of the run");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
