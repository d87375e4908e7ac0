package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.memory.ByteRange;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.GoogleServer;
import dev.kiln.testing.RangeServer;
import dev.kiln.testing.S3Server;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects are read from the bucket or host that their item names. */
@Timeout(60)
class RoutingObjectStoreTest {
  @TempDir Path directory;

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String read(ObjectStore store, String name) throws Exception {
    try (SparseObject object = store.open(List.of(name)).get(0)) {
      byte[] bytes = new byte[Math.toIntExact(object.size())];
      object.bytes(0, bytes.length).get(bytes);
      assertThat(store.read(name)).isEqualTo(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  private ObjectStore local(SourceRules rules) throws Exception {
    Files.createDirectories(directory.resolve("source/t"));
    Files.write(directory.resolve("source/t/a.tif"), text("a"));
    Files.write(directory.resolve("secret"), text("secret"));
    return ObjectStores.openSource(
        directory.resolve("source").toString(), StoreOptions.standard(), rules);
  }

  @Test
  void bucketOfTheHrefIsRead() throws Exception {
    try (S3Server server = S3Server.start(directory)) {
      for (String bucket : List.of("meta", "data")) {
        server.bucket(bucket);
        try (ObjectStore store =
            ObjectStores.open("s3://" + bucket, S3Server.options(server.endpoint()))) {
          store.put("t/a.tif", text(bucket));
        }
      }
      StoreOptions options = S3Server.options(server.endpoint());
      try (ObjectStore source =
          ObjectStores.openSource("s3://meta", options, SourceRules.standard())) {
        assertThat(read(source, "t/a.tif")).isEqualTo("meta");
        assertThat(read(source, "s3://meta/t/a.tif")).isEqualTo("meta");
        assertThat(read(source, "s3://data/t/a.tif")).isEqualTo("data");
        List<SparseObject> both = source.open(List.of("s3://data/t/a.tif", "s3://meta/t/a.tif"));
        try {
          List<RangePlan> plans = new ArrayList<>();
          both.forEach(o -> plans.add(o.plan(List.of(new ByteRange(0, o.size())))));
          source.fetch(plans);
          assertThat(both).extracting(o -> o.buffer().slice(0, 1).get()).contains((byte) 'd');
        } finally {
          ObjectStore.closeAll(both);
        }
        assertThat(source.traffic().requests()).isGreaterThanOrEqualTo(6);
      }
      try (ObjectStore mirror =
          ObjectStores.openSource("s3://meta", options, new SourceRules(true, Set.of()))) {
        assertThat(read(mirror, "s3://data/t/a.tif")).isEqualTo("meta");
      }
      try (ObjectStore prefixed =
          ObjectStores.openSource("s3://meta/t", options, SourceRules.standard())) {
        assertThat(read(prefixed, "a.tif")).isEqualTo("meta");
        assertThat(read(prefixed, "s3://meta/t/a.tif")).isEqualTo("meta");
      }
    }
  }

  @Test
  void everyHostHasItsOwnLimitOfConnections() throws Exception {
    int limit = 3;
    try (RangeServer first = RangeServer.start();
        RangeServer second = RangeServer.start();
        FaultProxy one = new FaultProxy(first.port());
        FaultProxy two = new FaultProxy(second.port())) {
      List<AtomicInteger> most = List.of(new AtomicInteger(), new AtomicInteger());
      List<String> names = new ArrayList<>();
      CountDownLatch bothFull = new CountDownLatch(2 * limit);
      for (int i = 0; i < 2; i++) {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger peak = most.get(i);
        (i == 0 ? one : two)
            .plan(
                request ->
                    link -> {
                      peak.accumulateAndGet(inside.incrementAndGet(), Math::max);
                      bothFull.countDown();
                      // No response is sent before both hosts have as many requests as allowed.
                      bothFull.await(10, TimeUnit.SECONDS);
                      Thread.sleep(5);
                      inside.decrementAndGet();
                      link.forward(Long.MAX_VALUE);
                    });
        for (int k = 0; k < 9; k++) {
          (i == 0 ? first : second).put("t/" + k, text("host " + i));
          names.add((i == 0 ? one : two).endpoint() + "/t/" + k);
        }
      }
      StoreOptions options =
          new StoreOptions(
              Optional.empty(),
              Optional.empty(),
              Identity.standard(),
              new RequestLimits(limit, 1, Duration.ofMillis(5), Duration.ofSeconds(20)));
      try (ObjectStore source =
          ObjectStores.openSource(
              one.endpoint().toString(), options, new SourceRules(false, Set.of("127.0.0.1")))) {
        List<Thread> readers = new ArrayList<>();
        for (String half : List.of(one.endpoint().toString(), two.endpoint().toString())) {
          Thread reader =
              new Thread(
                  () -> {
                    try {
                      ObjectStore.closeAll(
                          source.open(names.stream().filter(n -> n.startsWith(half)).toList()));
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                  });
          reader.start();
          readers.add(reader);
        }
        for (Thread reader : readers) {
          reader.join();
        }
      }
      assertThat(bothFull.getCount()).isZero();
      assertThat(most).extracting(AtomicInteger::get).containsExactly(limit, limit);
      assertThat(one.requests()).hasSize(9);
      assertThat(two.requests()).hasSize(9);
    }
  }

  @Test
  void bucketWhoseCredentialsFailAtTheMomentIsUnavailable() throws Exception {
    try (GoogleServer google = GoogleServer.start();
        FaultProxy machine = new FaultProxy(google.port())) {
      google.issuer((request, body) -> "{\"access_token\":\"issued\",\"expires_in\":3600}");
      google.container("two").put("a", text("a"));
      // The token service fails once the source is open.
      machine.plan(
          request ->
              request.number() == 0 ? FaultProxy.Fault.NONE : FaultProxy.Fault.error(503, ""));
      StoreOptions options =
          GoogleServer.options(
              google.endpoint(),
              Map.of("GCE_METADATA_HOST", "127.0.0.1:" + machine.endpoint().getPort()));
      try (ObjectStore source =
          ObjectStores.openSource("gs://one", options, SourceRules.standard())) {
        assertThatThrownBy(() -> source.open(List.of("gs://two/a")))
            .isInstanceOf(UnavailableException.class)
            .hasMessageContaining("the server responded 503");
      }
    }
  }

  @Test
  void directoryMirrorsBucketsByKey() throws Exception {
    try (ObjectStore source = local(SourceRules.standard())) {
      assertThat(read(source, "s3://any/t/a.tif")).isEqualTo("a");
      assertThat(read(source, "file://" + directory + "/source/t/a.tif")).isEqualTo("a");
      assertThatThrownBy(() -> source.open(List.of("s3://one/t/a.tif", "s3://two/t/a.tif")))
          .isInstanceOf(UnreadableObjectException.class)
          .hasMessageContaining("one object for both s3://one/t/a.tif and s3://two/t/a.tif");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret",
        "t/../../secret",
        "s3://x/../secret",
        "s3://x//etc/hostname",
        "/etc/hostname",
        "file:///etc/hostname",
        "https://example.com/a.tif",
        "link"
      })
  void filesOutsideALocalSourceAreRejected(String name) throws Exception {
    try (ObjectStore source = local(SourceRules.standard())) {
      Files.createSymbolicLink(directory.resolve("source/link"), directory.resolve("secret"));
      assertThatThrownBy(() -> source.open(List.of(name)))
          .isInstanceOf(AccessDeniedException.class);
      assertThatThrownBy(() -> source.read(name)).isInstanceOf(AccessDeniedException.class);
    }
  }

  @Test
  void linkInsideTheSourceIsRead() throws Exception {
    try (ObjectStore source = local(SourceRules.standard())) {
      Files.createSymbolicLink(directory.resolve("source/same"), Path.of("t/a.tif"));
      assertThat(read(source, "same")).isEqualTo("a");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\u0000.tif", "s3://x/a\u0000.tif"})
  void invalidNameIsAnErrorOfItsObject(String name) throws Exception {
    try (ObjectStore source = local(SourceRules.standard())) {
      assertThatThrownBy(() -> source.open(List.of(name)))
          .isInstanceOf(UnreadableObjectException.class)
          .hasMessageContaining("invalid file name");
    }
  }

  @Test
  void webServerIsReadOnlyIfAllowed() throws Exception {
    try (RangeServer server = RangeServer.start()) {
      server.put("t/a.tif", text("web"));
      String name = server.uri() + "/t/a.tif?signature=secret";
      try (ObjectStore source = local(SourceRules.standard())) {
        assertThatThrownBy(() -> source.open(List.of(name)))
            .isInstanceOf(AccessDeniedException.class)
            .hasMessageContaining("--allow-host")
            .hasMessageNotContaining("secret");
      }
      try (ObjectStore source = local(new SourceRules(false, Set.of("localhost")))) {
        assertThat(read(source, name)).isEqualTo("web");
      }
      try (ObjectStore source =
          ObjectStores.openSource(
              server.uri() + "/t", StoreOptions.standard(), SourceRules.standard())) {
        assertThat(read(source, "a.tif")).isEqualTo("web");
        assertThat(read(source, name)).isEqualTo("web");
      }
    }
  }

  @Test
  void redirectsLeadOnlyToAllowedServers() throws Exception {
    try (RangeServer server = RangeServer.start();
        RangeServer other = RangeServer.start()) {
      other.put("t/a.tif", text("other"));
      server.redirect("t/a.tif", "http://127.0.0.1:" + other.port() + "/t/a.tif");
      String name = server.uri() + "/t/a.tif";
      try (ObjectStore source = local(new SourceRules(false, Set.of("localhost")))) {
        assertThatThrownBy(() -> source.open(List.of(name)))
            .isInstanceOf(UnreadableObjectException.class)
            .hasMessageContaining(
                "refused a redirect to 127.0.0.1: allow it with --allow-host 127.0.0.1");
        assertThatThrownBy(() -> source.read(name)).hasMessageContaining("refused a redirect");
        assertThatThrownBy(() -> source.exists(name)).hasMessageContaining("refused a redirect");
      }
      assertThat(other.requests()).isEmpty();
      try (ObjectStore source = local(new SourceRules(false, Set.of("LocalHost", "127.0.0.1")))) {
        assertThat(read(source, name)).isEqualTo("other");
      }
      // The user trusts the source, until servers are allowed by name.
      try (ObjectStore source =
          ObjectStores.openSource(
              server.uri().toString(), StoreOptions.standard(), SourceRules.standard())) {
        assertThat(read(source, "t/a.tif")).isEqualTo("other");
      }
      try (ObjectStore source =
          ObjectStores.openSource(
              server.uri().toString(),
              StoreOptions.standard(),
              new SourceRules(false, Set.of("data.example.org")))) {
        assertThatThrownBy(() -> source.read("t/a.tif"))
            .hasMessageContaining("refused a redirect to 127.0.0.1");
      }
    }
  }

  /** An allowed server may lead back to the source. */
  @Test
  void redirectsToTheSourceAreFollowed() throws Exception {
    try (RangeServer server = RangeServer.start();
        RangeServer other = RangeServer.start()) {
      server.put("t/a.tif", text("source"));
      other.redirect("t/a.tif", server.uri() + "/t/a.tif");
      try (ObjectStore source =
          ObjectStores.openSource(
              server.uri().toString(),
              StoreOptions.standard(),
              new SourceRules(false, Set.of("127.0.0.1")))) {
        assertThat(read(source, "http://127.0.0.1:" + other.port() + "/t/a.tif"))
            .isEqualTo("source");
      }
    }
  }
}
