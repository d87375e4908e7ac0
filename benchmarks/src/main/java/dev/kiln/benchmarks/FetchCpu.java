package dev.kiln.benchmarks;

import dev.kiln.fetch.Identity;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.RequestLimits;
import dev.kiln.fetch.SparseObject;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.PagePool;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Measures CPU seconds per gigabyte fetched from a server on this machine: from S3 and from a web
 * server, with memory of earlier objects, with fresh memory, and over TLS; and by {@code curl},
 * which discards the bytes. The candidates take turns, so that the load of the machine affects all
 * of them.
 *
 * <p>{@code java -cp … dev.kiln.benchmarks.FetchCpu FILE CONNECTIONS ROUNDS}; the file is in a
 * directory that serves as bucket, and should have about a gigabyte.
 */
public final class FetchCpu {
  private FetchCpu() {}

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Locale.setDefault(Locale.ROOT);
    Path file = Path.of(arguments[0]).toAbsolutePath();
    int connections = Integer.parseInt(arguments[1]);
    int rounds = Integer.parseInt(arguments[2]);
    Path bucket = file.getParent();
    ObjectNode result = JsonMapper.shared().createObjectNode();
    result.put("bytes", Files.size(file)).put("connections", connections);
    List<String> names =
        List.of(
            "s3",
            "s3, fresh memory",
            "s3, tls",
            "http",
            "http, fresh memory",
            "https",
            "curl",
            "curl, tls");
    double[][] seconds = new double[names.size()][rounds];
    Path keys = Files.createTempDirectory("kiln-fetch");
    try (ObjectServer server = ObjectServer.startWithTls(bucket.getParent(), keys);
        PagePool pages = new PagePool(Files.size(file));
        PagePool none = new PagePool(0)) {
      String name = bucket.getFileName().toString();
      Optional<Path> trusted = Optional.of(keys.resolve("certificate.pem"));
      URI plain = server.endpoint();
      URI secure = server.secureEndpoint();
      try (ObjectStore s3 = open("s3://" + name, plain, connections, trusted);
          ObjectStore s3Tls = open("s3://" + name, secure, connections, trusted);
          ObjectStore http = open(plain + "/" + name, plain, connections, trusted);
          ObjectStore https = open(secure + "/" + name, secure, connections, trusted)) {
        String key = file.getFileName().toString();
        String path = "/" + name + "/" + key;
        double gigabytes = Files.size(file) / 1e9;
        for (int round = 0; round < rounds; round++) {
          int i = 0;
          seconds[i++][round] = fetch(s3, key, pages) / gigabytes;
          seconds[i++][round] = fetch(s3, key, none) / gigabytes;
          seconds[i++][round] = fetch(s3Tls, key, pages) / gigabytes;
          seconds[i++][round] = fetch(http, key, pages) / gigabytes;
          seconds[i++][round] = fetch(http, key, none) / gigabytes;
          seconds[i++][round] = fetch(https, key, pages) / gigabytes;
          seconds[i++][round] =
              Command.run("curl", "-sf", "-o", "/dev/null", plain + path) / gigabytes;
          seconds[i++][round] =
              Command.run("curl", "-sfk", "-o", "/dev/null", secure + path) / gigabytes;
        }
      }
    }
    for (int i = 0; i < names.size(); i++) {
      ObjectNode of = result.putObject(names.get(i));
      ArrayNode all = of.putArray("cpu_seconds_per_gb");
      Arrays.stream(seconds[i]).forEach(all::add);
      // The first half warms the JVM up.
      double[] warm = Arrays.copyOfRange(seconds[i], rounds / 2, rounds);
      Arrays.sort(warm);
      of.put("least", warm[0]).put("median", warm[warm.length / 2]);
    }
    System.out.println(
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(result));
    System.exit(0);
  }

  private static ObjectStore open(
      String uri, URI endpoint, int connections, Optional<Path> certificates) {
    return ObjectStores.open(
        uri,
        new StoreOptions(
                Optional.of(endpoint),
                Optional.of("us-west-2"),
                new Identity(Identity.Signing.ANONYMOUS, Optional.empty(), false),
                new RequestLimits(connections, 1, Duration.ofMillis(100), Duration.ofSeconds(20)))
            .withCertificates(certificates));
  }

  /** Fetches an object and returns the CPU seconds. */
  private static double fetch(ObjectStore store, String key, PagePool pages)
      throws IOException, InterruptedException {
    long start = CoreTime.nanos();
    try (SparseObject object = store.open(List.of(key)).get(0)) {
      RangePlan plan = object.plan(List.of(new ByteRange(0, object.size())));
      object.prepare(plan.ranges(), pages);
      store.fetch(List.of(plan));
    }
    return (CoreTime.nanos() - start) / 1e9;
  }
}
