package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.OutputKey;
import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.fetch.AccessKey;
import dev.kiln.fetch.Identity;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.RequestLimits;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.KilnProcess;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Long runs, started by hand: {@code ./kiln test -Dtest=SoakTest -Dkiln.soak=20000,1000}. The
 * numbers are the scenes of one shard on the local disk, and of shards over S3.
 */
@EnabledIfSystemProperty(
    named = SoakTest.PROPERTY,
    matches = "\\d+,\\d+",
    disabledReason = "a soak takes minutes: give -Dkiln.soak=20000,1000")
class SoakTest {
  static final String PROPERTY = "kiln.soak";

  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");
  private static final AccessKey KEY = new AccessKey("AKIAKILNTEST", "planted-secret-access-key");

  /** Distinct files; the other scenes are hard links to them. */
  private static final int FILES = 20;

  private static final int SHARDS = 10;

  /** Of the scenes over S3, those whose files are damaged. */
  private static final int DAMAGED_EVERY = 100;

  private static final int MAX_ATTEMPTS = 30;

  @TempDir Path directory;
  private Path log;

  @BeforeEach
  void model() {
    log = directory.resolve("log");
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        directory.resolve("model"));
  }

  private static int scenes(int part) {
    return Integer.parseInt(System.getProperty(PROPERTY).split(",")[part]);
  }

  private static String key(int i) {
    return "nd/2018/100cm/rgbir_cog/%05d/m_%07d_se_14_1_20180716.tif"
        .formatted(i / 100, 4_700_000 + i);
  }

  /** Writes scenes of one chip each, and their list. */
  private List<String> archive(int scenes) throws IOException {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      Path file = directory.resolve("files/" + i + ".tif");
      GeoTiffs.naip().size(256, 256).seed(i).write(file);
      files.add(file);
    }
    List<String> keys = IntStream.range(0, scenes).mapToObj(SoakTest::key).toList();
    for (int i = 0; i < scenes; i++) {
      Path link = directory.resolve("source").resolve(keys.get(i));
      Files.createDirectories(link.getParent());
      Files.createLink(link, files.get(i % FILES));
    }
    Files.write(directory.resolve("scenes.txt"), keys);
    return keys;
  }

  private List<String> arguments(String source, String out, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "embed",
                "naip",
                "--scenes=" + directory.resolve("scenes.txt"),
                "--model=" + directory.resolve("model"),
                "--source=" + source,
                "--out=" + out,
                "--progress=plain"));
    arguments.addAll(List.of(more));
    return arguments;
  }

  /** Memory and file handles of a process at one moment. */
  private record Use(long seconds, long residentMegabytes, long handles) {
    static Optional<Use> of(Process process, long start) {
      Path proc = Path.of("/proc", Long.toString(process.pid()));
      try (Stream<Path> handles = Files.list(proc.resolve("fd"))) {
        String resident =
            Files.readAllLines(proc.resolve("status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .findFirst()
                .orElseThrow()
                .replaceAll("\\D", "");
        return Optional.of(
            new Use(
                (System.nanoTime() - start) / 1_000_000_000,
                Long.parseLong(resident) / 1000,
                handles.count()));
      } catch (IOException | RuntimeException ended) {
        return Optional.empty();
      }
    }
  }

  @Test
  void manyScenesInOneShardNeedNoMoreMemoryThanAFew() throws Exception {
    List<String> keys = archive(scenes(0));
    Path out = directory.resolve("out");
    long start = System.nanoTime();
    Process run =
        KilnProcess.start(log, arguments(directory.resolve("source").toString(), out.toString()));
    List<Use> samples = new ArrayList<>();
    while (!run.waitFor(2, TimeUnit.SECONDS)) {
      Use.of(run, start).ifPresent(samples::add);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    assertThat(run.exitValue()).as(tail()).isZero();
    for (String key : keys) {
      assertThat(out.resolve(OutputKey.of(key))).exists();
    }
    int n = samples.size();
    List<Use> early = samples.subList(n / 4, n / 2);
    List<Use> late = samples.subList(3 * n / 4, n);
    System.out.printf(
        "soak: %,d scenes in one shard: %.0f s, %.0f scenes/s; resident memory median %d MB in the"
            + " second quarter, %d MB in the last, peak %d MB; file handles %d and %d, peak %d%n",
        keys.size(),
        seconds,
        keys.size() / seconds,
        median(early.stream().map(Use::residentMegabytes)),
        median(late.stream().map(Use::residentMegabytes)),
        samples.stream().mapToLong(Use::residentMegabytes).max().orElse(0),
        median(early.stream().map(Use::handles)),
        median(late.stream().map(Use::handles)),
        samples.stream().mapToLong(Use::handles).max().orElse(0));
    assertThat(median(late.stream().map(Use::residentMegabytes)))
        .isLessThan(median(early.stream().map(Use::residentMegabytes)) * 5 / 4);
    assertThat(median(late.stream().map(Use::handles)))
        .isLessThanOrEqualTo(median(early.stream().map(Use::handles)) + 8);
  }

  private static long median(Stream<Long> values) {
    List<Long> sorted = values.sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  private String tail() throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  @Test
  void childrenThatAreKilledOverAFaultyS3LoseNothing() throws Exception {
    List<String> keys = archive(scenes(1));
    Path clean = directory.resolve("clean");
    Process reference =
        KilnProcess.start(log, arguments(directory.resolve("source").toString(), clean.toString()));
    assertThat(reference.waitFor()).as(tail()).isZero();

    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    Process moto =
        new ProcessBuilder("python3", "-m", "moto.server", "-p", Integer.toString(port))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("moto").toFile())
            .start();
    try (FaultProxy proxy = new FaultProxy(port)) {
      URI direct = URI.create("http://127.0.0.1:" + port);
      createBucket(direct, "archive");
      createBucket(direct, "embeddings");
      upload(keys, direct);
      soak(keys, clean, proxy, direct);
    } finally {
      moto.destroyForcibly();
    }
  }

  private static void createBucket(URI server, String name) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest put =
        HttpRequest.newBuilder(server.resolve("/" + name))
            .PUT(HttpRequest.BodyPublishers.noBody())
            .build();
    for (int i = 0; ; i++) {
      try {
        assertThat(client.send(put, HttpResponse.BodyHandlers.ofString()).statusCode())
            .isEqualTo(200);
        return;
      } catch (IOException e) {
        // The server is starting.
        if (i == 120) {
          throw e;
        }
        Thread.sleep(500);
      }
    }
  }

  private static ObjectStore open(String uri, URI endpoint) {
    return ObjectStores.open(
        uri,
        new StoreOptions(
            Optional.of(endpoint),
            Optional.of("us-east-1"),
            new Identity(Identity.Signing.REQUIRED, Optional.of(KEY), false),
            RequestLimits.standard()));
  }

  private static boolean isDamaged(int i) {
    return i % DAMAGED_EVERY == 7;
  }

  private void upload(List<String> keys, URI server) throws IOException {
    try (ObjectStore archive = open("s3://archive", server)) {
      for (int i = 0; i < keys.size(); i++) {
        byte[] bytes = Files.readAllBytes(directory.resolve("source").resolve(keys.get(i)));
        archive.put(keys.get(i), isDamaged(i) ? new byte[] {'n', 'o'} : bytes);
      }
    }
  }

  /** Runs every shard until it ends with a code that is not retried. */
  private void soak(List<String> keys, Path clean, FaultProxy proxy, URI direct) throws Exception {
    Random random = new Random(19);
    proxy.plan(request -> fault(random));
    Map<String, String> environment = new HashMap<>();
    environment.put("AWS_ACCESS_KEY_ID", KEY.id());
    environment.put("AWS_SECRET_ACCESS_KEY", KEY.secret());
    environment.put("AWS_REGION", "us-east-1");
    environment.put("ENDPOINT_URL", proxy.endpoint().toString());
    environment.put("ENDPOINT_KEY_ID", KEY.id());
    environment.put("ENDPOINT_ACCESS_KEY", KEY.secret());
    environment.put("KILN_SOURCE_ENDPOINT", proxy.endpoint().toString());
    Map<Integer, Integer> ends = new HashMap<>();
    int attempts = 0;
    long start = System.nanoTime();
    for (int shard = 0; shard < SHARDS; shard++) {
      int code;
      int attempt = 0;
      do {
        Path own = directory.resolve("child-%d-%d".formatted(shard, attempt));
        Process child =
            KilnProcess.start(
                own,
                environment,
                arguments(
                    "s3://archive",
                    "s3://embeddings",
                    "--shards=" + SHARDS,
                    "--index=" + shard,
                    "--network-timeout=5"));
        // Two of three attempts are interrupted, at first; half of these by SIGTERM.
        int fate = attempt < MAX_ATTEMPTS / 2 ? random.nextInt(6) : 5;
        if (fate < 4) {
          awaitStart(child, own);
          if (!child.waitFor(random.nextInt(6000), TimeUnit.MILLISECONDS)) {
            if (fate < 2) {
              child.destroy();
            } else {
              child.destroyForcibly();
            }
          }
        }
        code = child.waitFor();
        ends.merge(code, 1, Integer::sum);
        attempts++;
        attempt++;
        assertThat(attempt).as(Files.readString(own)).isLessThan(MAX_ATTEMPTS);
      } while (code != ExitCode.DONE.code() && code != ExitCode.SCENES_FAILED.code());
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    int same = 0;
    try (ObjectStore out = open("s3://embeddings", direct)) {
      for (int i = 0; i < keys.size(); i++) {
        String output = OutputKey.of(keys.get(i));
        if (isDamaged(i)) {
          assertThat(out.exists(output)).as(output).isFalse();
        } else {
          try (InputStream in = out.stream(output)) {
            assertThat(in.readAllBytes())
                .as(output)
                .isEqualTo(Files.readAllBytes(clean.resolve(output)));
            same++;
          }
        }
      }
    }
    System.out.printf(
        "soak: %,d scenes over S3 in %d shards: %.0f s, %d attempts by exit code %s, %,d requests"
            + " of which 6 %% failed; %,d files equal those of a run without faults, %,d damaged"
            + " scenes failed%n",
        keys.size(),
        SHARDS,
        seconds,
        attempts,
        ends,
        proxy.requests().size(),
        same,
        keys.size() - same);
  }

  /** Waits until a child embeds, because the time to its start varies with the machine. */
  private static void awaitStart(Process child, Path log) throws Exception {
    while (child.isAlive()
        && !(Files.exists(log) && Files.readString(log).contains("memory, at most"))) {
      Thread.sleep(100);
    }
  }

  private static synchronized Fault fault(Random random) {
    return switch (random.nextInt(100)) {
      case 0, 1 -> Fault.error(503, "SlowDown");
      case 2 -> Fault.error(500, "InternalError");
      case 3 -> Fault.RESET;
      case 4 -> Fault.resetAfter(1000);
      case 5 -> Fault.cutAfter(1000);
      default -> Fault.NONE;
    };
  }
}
