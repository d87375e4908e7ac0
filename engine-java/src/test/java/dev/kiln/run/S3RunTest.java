package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs from bucket to bucket, with faulty connections. */
@Timeout(120)
class S3RunTest {
  @TempDir static Path directory;
  private static S3Server server;
  private static TestRun local;
  private static Map<String, byte[]> expected;
  private static int runs;

  private FaultProxy toSource;
  private FaultProxy toOut;
  private TestRun run;
  private String out;

  @BeforeAll
  static void archiveInABucket() throws Exception {
    local = new TestRun(directory.resolve("local"));
    local.scene(1).scene(2).scene(3);
    local.scene(TestRun.key(4, "60cm"), GeoTiffs.naip().size(2700, 2300).seed(4));
    assertThat(local.embed(encoder()).exitCode()).isEqualTo(ExitCode.DONE);
    expected = local.files();
    server = S3Server.start(Files.createDirectories(directory.resolve("s3")));
    server.upload(local.source, "archive");
    server.bucket("embeddings");
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void runFromBucketToBucket() throws IOException {
    toSource = new FaultProxy(server.port());
    toOut = new FaultProxy(server.port());
    out = "run-" + runs++;
    run = new TestRun(directory.resolve(out));
    run.keys.addAll(local.keys);
    run.wrapSource = none -> open("s3://archive", toSource);
    run.wrapOut = none -> open("s3://embeddings/" + out, toOut);
  }

  @AfterEach
  void stop() throws IOException {
    toSource.close();
    toOut.close();
  }

  private static ObjectStore open(String uri, FaultProxy proxy) {
    return ObjectStores.open(uri, S3Server.options(proxy.endpoint()));
  }

  private static FakeEncoder encoder() {
    return new FakeEncoder(TestRun.NAIP, 256, 4);
  }

  private void assertSameFiles() throws IOException {
    run.out = server.bucket("embeddings").resolve(out);
    Map<String, byte[]> files = run.files();
    assertThat(files.keySet()).isEqualTo(expected.keySet());
    files.forEach((key, bytes) -> assertThat(bytes).as(key).isEqualTo(expected.get(key)));
  }

  @Test
  void writesTheFilesOfALocalRunWithFewRequests() throws Exception {
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    assertSameFiles();
    // A head each. The tiles of a small scene are one range; of the large one the last column of
    // tiles holds no whole chip and is left out, which makes three.
    assertThat(toSource.requests()).hasSize(4 + 3 + 3);
    assertThat(toSource.requests())
        .allMatch(request -> request.header("x-amz-request-payer").equals("requester"));
    assertThat(report.requests().sourceTraffic().requests()).isEqualTo(10);
    assertThat(report.requests().sourceTraffic().retries()).isZero();
    // One list and a put each.
    assertThat(toOut.requests()).hasSize(1 + 4);
    assertThat(report.run().counts().bytesFetched())
        .isEqualTo(report.requests().sourceTraffic().bytesRead())
        .isLessThan(size(local.source));

    toSource.plan(request -> Fault.NONE);
    toOut.plan(request -> Fault.NONE);
    RunReport again = run.embed(encoder());
    assertThat(again.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(again.run().counts().alreadyDone()).isEqualTo(4);
    assertThat(toSource.requests()).isEmpty();
    // One list, and the footer of each file.
    assertThat(toOut.requests()).hasSize(1 + 4);
  }

  private static long size(Path files) throws IOException {
    long bytes = 0;
    try (var paths = Files.walk(files)) {
      for (Path file : paths.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }

  @Test
  void deadSourceEndsTheRunAfterTheAttemptsOfAFewRequests() throws Exception {
    for (int i = 10; i < 40; i++) {
      run.keys.add(TestRun.key(i, "100cm"));
    }
    run.wrapSource =
        none ->
            ObjectStores.open("s3://archive", S3Server.options(URI.create("http://127.0.0.1:1")));
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.ended().orElseThrow())
        .contains("3 consecutive scenes failed", "connection refused by 127.0.0.1:1");
    // Four attempts per request, and none per scene on top; two scenes at a time.
    assertThat(report.failures()).hasSizeBetween(3, 4);
    assertThat(report.requests().sourceTraffic().requests()).isBetween(3L * 4, 5L * 4);
  }

  @Test
  void transientErrorsLeaveNoTraceButTheirCount() throws Exception {
    Set<String> met = ConcurrentHashMap.newKeySet();
    toSource.plan(
        request -> {
          if (!met.add(request.path() + request.header("range").replaceAll(".*-", ""))) {
            return Fault.NONE;
          }
          return switch (request.number() % 4) {
            case 0 -> Fault.error(503, "SlowDown");
            case 1 -> Fault.RESET;
            case 2 -> Fault.cutAfter(1000);
            default -> Fault.resetAfter(20_000);
          };
        });
    toOut.plan(request -> met.add(request.method() + request.path()) ? Fault.RESET : Fault.NONE);
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    assertSameFiles();
    assertThat(report.requests().sourceTraffic().retries()).isEqualTo(10);
    assertThat(report.requests().outTraffic().retries()).isEqualTo(5);
    assertThat(new String(report.json())).contains("\"retries\" : 10");
    assertThat(report.summary()).contains("source 20 (10 retries), out 10 (5 retries)");
  }

  @Test
  void aSceneThatChangesWhileItIsReadIsFetchedAgain() throws Exception {
    String key = run.keys.get(3);
    byte[] before = Files.readAllBytes(local.source.resolve(key));
    Path changed =
        GeoTiffs.naip().size(2700, 2300).seed(99).write(directory.resolve("changed").resolve(key));
    try (ObjectStore direct =
        ObjectStores.open("s3://archive", S3Server.options(server.endpoint()))) {
      Set<String> met = ConcurrentHashMap.newKeySet();
      direct.put(key, Files.readAllBytes(changed));
      toSource.plan(
          request -> {
            boolean part =
                request.path().contains(key) && !request.header("range").startsWith("bytes=0-");
            if (part && met.add("changed")) {
              direct.put(key, before);
            }
            return Fault.NONE;
          });
      RunReport report = run.embed(encoder());
      assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
      assertSameFiles();
    }
  }

  private RunReport runWith(FaultProxy proxy, String part, Fault fault) throws Exception {
    proxy.plan(request -> request.path().contains(part) ? fault : Fault.NONE);
    RunReport report = run.embed(encoder());
    run.out = server.bucket("embeddings").resolve(out);
    return report;
  }

  private String name(int scene) {
    return Path.of(run.keys.get(scene)).getFileName().toString().replace(".tif", "");
  }

  @Test
  void aForbiddenSceneIsReportedWithAHint() throws Exception {
    RunReport report = runWith(toSource, name(1), Fault.error(403, "AccessDenied"));
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.failures())
        .singleElement()
        .satisfies(
            failed -> {
              assertThat(failed.key()).isEqualTo(run.keys.get(1));
              assertThat(failed.kind()).isEqualTo(FailedScene.Kind.PERMANENT);
              assertThat(failed.reason()).contains("403 AccessDenied", "s3:GetObject");
            });
    assertThat(run.files()).hasSize(3);
  }

  @Test
  void sceneThatCannotBeReachedIsLeftForAnotherRun() throws Exception {
    RunReport report = runWith(toSource, name(1), Fault.RESET);
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.failures().get(0).reason()).startsWith("connection failed: ");
    assertThat(run.files()).hasSize(3);
  }

  @Test
  void credentialsThatHaveExpiredEndTheRun() throws Exception {
    RunReport report = runWith(toSource, name(1), Fault.error(400, "ExpiredToken"));
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended().orElseThrow()).contains("s3://archive: the credentials have expired");
  }

  @Test
  void bucketThatDoesNotExistEndsTheRun() throws Exception {
    run.wrapSource = none -> open("s3://nowhere", toSource);
    RunReport report = run.embed(encoder());
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended()).hasValue("s3://nowhere: no such bucket: correct its name");
  }

  @Test
  void errorForAnUnlistableOutputNamesThePermission() throws Exception {
    RunReport report = runWith(toOut, "list-type", Fault.error(403, "AccessDenied"));
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended().orElseThrow())
        .contains("s3://embeddings/" + out, "grant s3:ListBucket");
  }

  @Test
  void outputThatCannotBeWrittenEndsTheRun() throws Exception {
    RunReport report = runWith(toOut, ".parquet", Fault.error(503, "SlowDown"));
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.ended().orElseThrow())
        .contains("3 consecutive writes failed", "503 SlowDown");
    assertThat(run.files()).isEmpty();
  }

  @Test
  void invalidKeysAreNotRequested() throws Exception {
    run.keys.addAll(List.of("../etc/passwd.tif", "a/", "/abs.tif"));
    RunReport report = run.embed(encoder());
    assertThat(report.failures()).hasSize(3);
    assertSameFiles();
  }
}
