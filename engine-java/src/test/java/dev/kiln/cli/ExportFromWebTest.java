package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import dev.kiln.testing.GoogleServer;
import dev.kiln.testing.RangeServer;
import dev.kiln.testing.S3Server;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A checkpoint on a web server or in a bucket gives the model of a local one, and less traffic. */
@Timeout(120)
class ExportFromWebTest {
  private static final int BALLAST = 40_000_000;

  @TempDir Path directory;
  private final StringWriter printed = new StringWriter();
  private RangeServer server;
  private FaultProxy proxy;
  private Path checkpoint;
  private ModelDirectory expected;

  @BeforeEach
  void serve() throws Exception {
    checkpoint = directory.resolve("tiny.ckpt");
    new RandomCheckpoint(Architecture.named("tiny"), DataType.FP32, 1, BALLAST).write(checkpoint);
    expected =
        Exporter.export(
            checkpoint,
            new Exporter.Options(
                List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
            directory.resolve("expected"));
    server = RangeServer.start();
    server.put("models/tiny.ckpt", Files.readAllBytes(checkpoint));
    proxy = new FaultProxy(server.port());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    server.close();
  }

  private int export(String uri, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "export",
                "--checkpoint=" + uri,
                "--platform=naip",
                "--request-attempts=1",
                "-o=" + directory.resolve("model")));
    for (String argument : more) {
      String option = argument.replaceFirst("=.*", "=");
      arguments.removeIf(given -> argument.contains("=") && given.startsWith(option));
      arguments.add(argument);
    }
    CommandLine kiln = Kiln.commandLine(Map.of(), Kiln.COMMANDS);
    kiln.setOut(new PrintWriter(printed, true)).setErr(new PrintWriter(printed, true));
    return kiln.execute(arguments.toArray(String[]::new));
  }

  private String uri() {
    return proxy.endpoint() + "/models/tiny.ckpt";
  }

  private void assertSameModelAndNothingElse() throws IOException {
    assertThat(ModelDirectory.open(directory.resolve("model")).hash()).isEqualTo(expected.hash());
    try (var files = Files.list(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("expected", "model", "tiny.ckpt");
    }
  }

  /** Bytes that the server sent, by the ranges of the requests. */
  private long bytesSent() {
    return server.requests().stream()
        .map(request -> request.header("Range"))
        .filter(range -> !range.isEmpty())
        .mapToLong(ExportFromWebTest::length)
        .sum();
  }

  private static long length(String range) {
    String[] ends = range.substring("bytes=".length()).split("-");
    return Long.parseLong(ends[1]) + 1 - Long.parseLong(ends[0]);
  }

  @Test
  void onlyTheEncoderIsFetched() throws Exception {
    assertThat(export(uri())).as(printed.toString()).isZero();
    assertSameModelAndNothingElse();
    long encoder = Files.size(checkpoint) - BALLAST;
    assertThat((double) bytesSent() / encoder).isLessThan(1.02);
  }

  @Test
  void interruptedExportIsContinued() throws Exception {
    int head = 3; // The first bytes, the zip directory, the pickle.
    proxy.plan(request -> request.number() > head + 1 ? Fault.RESET : Fault.NONE);
    assertThat(export(uri())).as(printed.toString()).isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(directory.resolve("model")).doesNotExist();
    assertThat(directory.resolve(".model.checkpoint")).exists();
    proxy.plan(request -> Fault.NONE);
    assertThat(export(uri())).as(printed.toString()).isZero();
    assertSameModelAndNothingElse();
  }

  @Test
  void bucketsAreReadToo() throws Exception {
    try (GoogleServer google = GoogleServer.start()) {
      google.open(true);
      google.container("weights").put("clay/tiny.ckpt", Files.readAllBytes(checkpoint));
      assertThat(
              export(
                  "gs://weights/clay/tiny.ckpt",
                  "--gs-endpoint=" + google.endpoint(),
                  "--anonymous"))
          .as(printed.toString())
          .isZero();
      assertSameModelAndNothingElse();
    }
  }

  @Test
  void s3IsReadByRangesToo() throws Exception {
    try (S3Server s3 = S3Server.startOpen(Files.createDirectories(directory.resolve("s3")));
        FaultProxy link = new FaultProxy(s3.port())) {
      s3.bucket("weights");
      try (ObjectStore bucket =
          ObjectStores.open("s3://weights", S3Server.options(s3.endpoint()))) {
        bucket.put("clay/tiny.ckpt", Files.readAllBytes(checkpoint));
      }
      link.plan(request -> request.number() == 4 ? Fault.error(503, "SlowDown") : Fault.NONE);
      assertThat(
              export(
                  "s3://weights/clay/tiny.ckpt",
                  "--source-endpoint=" + link.endpoint(),
                  "--anonymous",
                  "--request-attempts=3"))
          .as(printed.toString())
          .isZero();
      long requested =
          link.requests().stream()
              .filter(request -> request.number() != 4)
              .mapToLong(request -> length(request.header("range")))
              .sum();
      long encoder = Files.size(checkpoint) - BALLAST;
      assertThat((double) requested / encoder).isLessThan(1.02);
      assertThat(ModelDirectory.open(directory.resolve("model")).hash()).isEqualTo(expected.hash());
      assertThat(directory.resolve(".model.checkpoint")).doesNotExist();
    }
  }

  @Test
  void whatIsNoCheckpointIsRefusedAndNotKept() throws Exception {
    byte[] damaged = Files.readAllBytes(checkpoint);
    damaged[damaged.length - 3_000_000] ^= 1;
    server.put("models/tiny.ckpt", damaged);
    assertThat(export(uri())).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(printed.toString()).contains("/models/tiny.ckpt: tensor ", "expected checksum");
    server.put("models/tiny.ckpt", "<html>not found</html>".getBytes());
    assertThat(export(uri())).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(printed.toString()).contains("expected a zip file of torch.save or safetensors");
    assertThat(export(server.uri() + "/none")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(printed.toString()).contains("/none: no such object");
    try (var files = Files.list(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("expected", "tiny.ckpt");
    }
  }
}
