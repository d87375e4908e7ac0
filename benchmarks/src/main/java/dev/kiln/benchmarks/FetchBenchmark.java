package dev.kiln.benchmarks;

import dev.kiln.fetch.Identity;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.RequestLimits;
import dev.kiln.fetch.SparseObject;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Fetches an object from a local server into native memory, as the engine fetches the tiles of a
 * scene. Counts bytes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class FetchBenchmark {
  /** The served file. */
  @Param("")
  public String file;

  /** Concurrent requests. */
  @Param("8")
  public int connections;

  private String key;
  private ObjectServer server;
  private ObjectStore store;

  /** Starts the server, fetches the object once and compares it with the file. */
  @Setup
  public void serve() throws IOException, InterruptedException {
    Path path = Path.of(file).toAbsolutePath();
    key = path.getFileName().toString();
    Path bucket = path.getParent();
    server = ObjectServer.start(bucket.getParent());
    store =
        ObjectStores.open(
            "s3://" + bucket.getFileName(),
            new StoreOptions(
                Optional.of(server.endpoint()),
                Optional.of("us-west-2"),
                new Identity(Identity.Signing.ANONYMOUS, Optional.empty(), false),
                new RequestLimits(connections, 1, Duration.ofMillis(100), Duration.ofSeconds(20))));
    ByteBuffer expected = ByteBuffer.wrap(Files.readAllBytes(path));
    try (SparseObject object = fetchAll()) {
      if (!object.buffer().slice(0, Math.toIntExact(object.size())).equals(expected)) {
        throw new IllegalStateException(key + ": expected the bytes of the file, found others");
      }
    }
  }

  private SparseObject fetchAll() throws IOException, InterruptedException {
    SparseObject object = store.open(List.of(key)).get(0);
    store.fetch(List.of(object.plan(List.of(new ByteRange(0, object.size())))));
    return object;
  }

  @Benchmark
  public long fetch(Work work) throws IOException, InterruptedException {
    try (SparseObject object = fetchAll()) {
      work.bytes += object.size();
      return object.heldBytes();
    }
  }

  /** Stops the server. */
  @TearDown
  public void end() {
    store.close();
    server.close();
  }
}
