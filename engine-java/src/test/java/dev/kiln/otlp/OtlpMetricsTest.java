package dev.kiln.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.run.ChipsLeftOut;
import dev.kiln.run.RunCounters;
import dev.kiln.run.Snapshot;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.KilnProcess;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The metrics that a collector receives of a run of the program. */
@Timeout(300)
class OtlpMetricsTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");
  private static final int SCENES = 3;

  @TempDir static Path shared;
  @TempDir Path directory;
  private Path log;

  @BeforeAll
  static void archive() throws IOException {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < SCENES; i++) {
      String key = "nd/2018/100cm/rgbir_cog/47099/m_470990%d_se_14_1_20180716.tif".formatted(i);
      keys.add(key);
      GeoTiffs.naip().size(512, 512).seed(i).write(shared.resolve("source").resolve(key));
    }
    Files.write(shared.resolve("scenes.txt"), keys);
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        shared.resolve("model"));
  }

  @BeforeEach
  void log() {
    log = directory.resolve("log");
  }

  private Process embed(Map<String, String> environment, String... more) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "embed",
                "naip",
                "--scenes=" + shared.resolve("scenes.txt"),
                "--model=" + shared.resolve("model"),
                "--source=" + shared.resolve("source"),
                "--out=" + directory.resolve("out"),
                "--run-name=spring",
                "--shards=1",
                "--progress=plain"));
    arguments.addAll(List.of(more));
    return KilnProcess.start(log, environment, arguments);
  }

  private long warnings() throws IOException {
    return Files.readString(log).lines().filter(line -> line.contains(" WARN ")).count();
  }

  @Test
  void collectorReceivesTheFinalCountsWithTheNamesOfTheLog() throws Exception {
    try (Collector collector = new Collector()) {
      Map<String, String> environment =
          Map.of(
              "OTEL_EXPORTER_OTLP_ENDPOINT",
              collector.url(),
              "OTEL_EXPORTER_OTLP_HEADERS",
              "x-token=secret",
              "OTEL_RESOURCE_ATTRIBUTES",
              "deployment.environment=test",
              "AWS_BATCH_JOB_ID",
              "1a2b:0",
              "AWS_BATCH_JOB_ATTEMPT",
              "2",
              "AWS_BATCH_JOB_ARRAY_INDEX",
              "0");
      assertThat(embed(environment).waitFor()).as(Files.readString(log)).isZero();
      assertThat(warnings()).as(Files.readString(log)).isZero();
      Collector.Export last = collector.last();
      assertThat(last.path()).isEqualTo("/v1/metrics");
      assertThat(last.contentType()).isEqualTo("application/x-protobuf");
      assertThat(last.token()).isEqualTo("secret");
      assertThat(last.resource())
          .containsEntry("service.name", "kiln")
          .containsEntry("kiln.run", "spring")
          .containsEntry("kiln.shard", "0")
          .containsEntry("aws.batch.job.id", "1a2b:0")
          .containsEntry("aws.batch.job.attempt", "2")
          .containsEntry("deployment.environment", "test")
          .containsKeys("service.instance.id", "service.version", "host.name", "process.pid");
      Map<String, Collector.Metric> metrics = last.metrics();
      assertThat(metrics.get("kiln.chips"))
          .isEqualTo(new Collector.Metric("{chip}", true, Map.of("", 4.0 * SCENES)));
      assertThat(metrics.get("kiln.scenes").counter()).isFalse();
      assertThat(metrics.get("kiln.scenes").values())
          .isEqualTo(
              Map.of(
                  "state=embedded",
                  (double) SCENES,
                  "state=already_done",
                  0.0,
                  "state=failed",
                  0.0,
                  "state=left",
                  0.0));
      assertThat(metrics.get("kiln.bytes").values().get("step=fetched")).isPositive();
      assertThat(metrics.get("kiln.stage.threads").values())
          .containsOnlyKeys(
              "stage=fetch", "stage=decode", "stage=fill", "stage=encode", "stage=write");
      assertThat(metrics.get("kiln.stage.seconds").values())
          .containsKeys("activity=busy,stage=fetch", "activity=waiting,stage=write");
      assertThat(metrics).hasSize(8);
    }
  }

  @Test
  void aCollectorThatIsGoneIsOneWarningAndNeverAFailedRun() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    String url = "http://127.0.0.1:" + port;
    Process run = embed(Map.of("OTEL_METRIC_EXPORT_INTERVAL", "500"), "--otlp=" + url);
    assertThat(run.waitFor()).as(Files.readString(log)).isZero();
    assertThat(warnings()).as(Files.readString(log)).isEqualTo(1);
    assertThat(Files.readString(log))
        .contains("cannot export metrics: endpoint=" + url + " reason=\"");
  }

  @Test
  void theReasonIsThatOfTheConnection() {
    LogRecord event = new LogRecord(Level.SEVERE, "Failed to export metrics. Full message: null");
    assertThat(ExportLog.reason(event)).isEqualTo("Failed to export metrics. Full message: null");
    event.setThrown(new IllegalStateException("export", new ConnectException()));
    assertThat(ExportLog.reason(event)).isEqualTo("connection refused");
    event.setThrown(new IllegalStateException("export", new ConnectException("no route")));
    assertThat(ExportLog.reason(event)).isEqualTo("java.net.ConnectException: no route");
  }

  @Test
  void sigtermWaitsOnlySecondsForACollectorThatDoesNotRespond() throws Exception {
    try (Collector collector = new Collector()) {
      collector.respond(0);
      Process run =
          embed(Map.of("OTEL_METRIC_EXPORT_INTERVAL", "100"), "--otlp=" + collector.url());
      while (run.isAlive() && collector.exports().isEmpty()) {
        Thread.sleep(5);
      }
      run.destroy();
      while (run.isAlive() && !Files.readString(log).contains(" INFO report  ")) {
        Thread.sleep(5);
      }
      // From here on, only the metrics are left.
      long saved = System.nanoTime();
      assertThat(run.waitFor()).as(Files.readString(log)).isEqualTo(ExitCode.TERMINATED.code());
      assertThat((System.nanoTime() - saved) / 1e9).isLessThan(15);
      assertThat(Files.readString(log)).contains("cannot export metrics: endpoint=");
    }
  }

  @Test
  void aRefusedExportIsRepeatedAtTheEnd() throws Exception {
    try (Collector collector = new Collector()) {
      collector.respond(503);
      OtlpMetrics metrics = new OtlpMetrics(collector.url() + "/v1/metrics", Map.of());
      RunCounters.Counts counts =
          new RunCounters.Counts(0, 1, 0, 1, 7, 7, ChipsLeftOut.NONE, 1, 0, 0, 0, 1, 0);
      metrics.tick(() -> new Snapshot(1.5, 1, counts, List.of(), List.of()));
      Thread end = new Thread(() -> metrics.end(Duration.ofMinutes(1)));
      end.start();
      while (collector.exports().isEmpty()) {
        Thread.sleep(5);
      }
      collector.respond(200);
      end.join();
      assertThat(collector.exports()).hasSizeBetween(2, 4);
      assertThat(collector.last().path()).isEqualTo("/v1/metrics");
      assertThat(collector.last().metrics().keySet())
          .containsExactlyInAnyOrder("kiln.bytes", "kiln.chips", "kiln.run.seconds", "kiln.scenes");
      assertThat(collector.last().metrics().get("kiln.chips").values()).isEqualTo(Map.of("", 7.0));
    }
  }

  @Test
  void protocolsOtherThanHttpAreConfigurationErrors() throws Exception {
    Process run =
        embed(Map.of("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "--otlp=http://127.0.0.1:4317");
    assertThat(run.waitFor()).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(Files.readString(log))
        .contains("OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, found grpc");
  }

  @Test
  void unsupportedSettingsAreConfigurationErrors() {
    System.setProperty("otel.metrics.exporter", "prometheus");
    try {
      assertThatThrownBy(() -> new OtlpMetrics("http://127.0.0.1:4318", Map.of()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("OpenTelemetry");
    } finally {
      System.clearProperty("otel.metrics.exporter");
    }
  }
}
