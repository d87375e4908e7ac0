package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.AzureServer;
import dev.kiln.testing.CloudServer;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.GoogleServer;
import dev.kiln.testing.RangeServer;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same scenes give the same bytes from every store, with and without faults on the way. */
@Timeout(120)
class StoresRunTest {
  @TempDir static Path directory;
  private static TestRun local;
  private static Map<String, byte[]> expected;
  private static int requests;
  private static RangeServer web;
  private static GoogleServer google;
  private static AzureServer azure;

  @BeforeAll
  static void archives() throws Exception {
    local = new TestRun(directory.resolve("local"));
    local.scene(1).scene(2);
    local.scene(TestRun.key(4, "60cm"), GeoTiffs.naip().size(1100, 1100).seed(4));
    RunReport report = local.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    requests = (int) report.requests().sourceTraffic().requests();
    expected = local.files();
    web = RangeServer.start();
    web.upload(local.source);
    google = GoogleServer.start();
    azure = AzureServer.start();
    upload(google.container("archive"));
    upload(azure.container("kilntest/archive"));
    google.container("embeddings");
    azure.container("kilntest/embeddings");
  }

  private static void upload(Map<String, byte[]> objects) throws IOException {
    try (Stream<Path> files = Files.walk(local.source)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        objects.put(local.source.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
  }

  @AfterAll
  static void stop() {
    web.close();
    google.close();
    azure.close();
  }

  private static FakeEncoder encoder() {
    return new FakeEncoder(TestRun.NAIP, 256, 4);
  }

  private static StoreOptions options(String store, URI endpoint) {
    return switch (store) {
      case "gs" -> GoogleServer.options(endpoint);
      case "az" -> AzureServer.options(endpoint);
      default -> S3Server.options(endpoint);
    };
  }

  private static int port(String store) {
    return switch (store) {
      case "gs" -> google.port();
      case "az" -> azure.port();
      default -> web.port();
    };
  }

  private static ObjectStore open(String store, String container, FaultProxy proxy) {
    return ObjectStores.open(
        store.equals("https") ? proxy.endpoint().toString() : store + "://" + container,
        options(store, proxy.endpoint()));
  }

  private static void assertSame(Map<String, byte[]> files) {
    Map<String, byte[]> found = new TreeMap<>(files);
    found.keySet().removeIf(key -> key.startsWith("_kiln/"));
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    found.forEach((key, bytes) -> assertThat(bytes).as(key).isEqualTo(expected.get(key)));
  }

  private static Map<String, byte[]> written(String store, TestRun run, String out)
      throws IOException {
    if (store.equals("https")) {
      return run.files();
    }
    Map<String, byte[]> files = new HashMap<>();
    CloudServer server = store.equals("gs") ? google : azure;
    server
        .container(store.equals("gs") ? "embeddings" : "kilntest/embeddings")
        .forEach(
            (key, bytes) -> {
              if (key.startsWith(out + "/")) {
                files.put(key.substring(out.length() + 1), bytes);
              }
            });
    return files;
  }

  @ParameterizedTest
  @ValueSource(strings = {"https", "gs", "az"})
  void writesTheFilesOfALocalRunAndResumes(String store) throws Exception {
    String out = "plain-" + store;
    TestRun run = new TestRun(directory.resolve(out));
    run.keys.addAll(local.keys);
    try (FaultProxy source = new FaultProxy(port(store));
        FaultProxy target = new FaultProxy(port(store))) {
      run.wrapSource = none -> open(store, "archive", source);
      if (!store.equals("https")) {
        run.wrapOut = none -> open(store, "embeddings/" + out, target);
      }
      RunReport report = run.embed(encoder());
      assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
      assertSame(written(store, run, out));
      // A head each and the ranges, as from a directory.
      assertThat(source.requests()).hasSize(requests);
      source.plan(request -> Fault.NONE);
      RunReport again = run.embed(encoder());
      assertThat(again.exitCode()).isEqualTo(ExitCode.DONE);
      assertThat(again.run().counts().alreadyDone()).isEqualTo(3);
      assertThat(source.requests()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"https", "gs", "az"})
  void faultsLeaveNoTraceButTheirCount(String store) throws Exception {
    String out = "faults-" + store;
    TestRun run = new TestRun(directory.resolve(out));
    run.keys.addAll(local.keys);
    try (FaultProxy source = new FaultProxy(port(store));
        FaultProxy target = new FaultProxy(port(store))) {
      Set<String> met = ConcurrentHashMap.newKeySet();
      source.plan(
          request -> {
            if (!met.add(request.path() + request.header("range").replaceAll(".*-", ""))) {
              return Fault.NONE;
            }
            return switch (request.number() % 3) {
              case 0 -> Fault.error(503, "ServerBusy");
              case 1 -> Fault.cutAfter(1000);
              default -> Fault.resetAfter(20_000);
            };
          });
      target.plan(
          request ->
              met.add(request.method() + request.path())
                  ? Fault.error(500, "InternalError")
                  : Fault.NONE);
      run.wrapSource = none -> open(store, "archive", source);
      if (!store.equals("https")) {
        run.wrapOut = none -> open(store, "embeddings/" + out, target);
      }
      RunReport report = run.embed(encoder());
      assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
      assertSame(written(store, run, out));
      assertThat(report.requests().sourceTraffic().retries()).isEqualTo(requests);
    }
  }

  @Test
  void outputThatMayNotBeListedNamesThePermission() throws Exception {
    TestRun run = new TestRun(directory.resolve("denied"));
    run.keys.addAll(local.keys);
    try (FaultProxy target = new FaultProxy(google.port())) {
      target.plan(
          request ->
              request.path().contains("list-type") ? Fault.error(403, "AccessDenied") : Fault.NONE);
      run.wrapOut = none -> open("gs", "embeddings/denied", target);
      RunReport report = run.embed(encoder());
      assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
      assertThat(report.ended().orElseThrow())
          .contains("gs://embeddings/denied", "grant storage.objects.list");
    }
  }
}
