package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.CloudServer;
import dev.kiln.testing.FaultProxy.Fault;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;

/** Stores of Kiln's own requests, over servers that keep their objects in memory. */
abstract class CloudFaults extends BucketFaults {
  private CloudServer server;

  /** Starts a server for a test. */
  abstract CloudServer start() throws IOException;

  /** Returns the objects of the bucket. */
  abstract Map<String, byte[]> objects();

  /** Returns the options of a client of the server behind an endpoint. */
  abstract StoreOptions options(URI endpoint);

  final CloudServer server() {
    return server;
  }

  @Override
  int port() throws IOException {
    server = start();
    objects().put("object", OBJECT);
    return server.port();
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Override
  ObjectStore open(URI endpoint, RequestLimits limits) {
    StoreOptions options = options(endpoint);
    return ObjectStores.open(
        root(),
        new StoreOptions(options.endpoint(), options.region(), options.identity(), limits)
            .withCloud(options.cloud()));
  }

  @Override
  byte[] stored(String key) {
    return objects().get(key);
  }

  @Override
  void replace(String key, byte[] bytes) {
    objects().put(key, bytes);
  }

  @Override
  String lastingReasons() {
    return super.lastingReasons() + "|no connection to ";
  }

  static Stream<Arguments> transientFaults() {
    return withCommonFaults(
        Arguments.of("503", Fault.error(503, "ServerBusy")),
        Arguments.of("408", Fault.error(408, "RequestTimeout")));
  }

  /** {@link HttpStoreTest} waits for the stall, which takes seconds, in the same client. */
  static Stream<Arguments> lastingFaults() {
    return transientFaults().filter(fault -> fault.get()[1] != STALL);
  }

  /** Ranges count the bytes of the encoding, so objects must come as they are stored. */
  @Test
  void onlyListingsMayBeCompressed() throws Exception {
    try (ObjectStore store = open()) {
      assertThat(store.list("")).containsExactly("object");
      assertThat(fetch(store)).isEqualTo(OBJECT);
      assertThat(store.exists("object")).isTrue();
    }
    assertThat(proxy.requests())
        .hasSizeGreaterThan(3)
        .allSatisfy(
            request ->
                assertThat(request.header("accept-encoding"))
                    .isEqualTo(request.path().contains("/object") ? "identity" : "gzip"));
  }

  @Test
  void putWithoutConfirmationIsRetried() throws Exception {
    proxy.plan(request -> request.number() == 0 ? Fault.error(200, "InternalError") : Fault.NONE);
    try (ObjectStore store = open()) {
      store.put("put", new byte[] {1, 2});
      assertThat(stored("put")).containsExactly(1, 2);
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
  }

  @Test
  void uploadThatStallsIsRetried() throws Exception {
    proxy.plan(request -> request.number() == 0 ? STALL : Fault.NONE);
    try (ObjectStore store = open(STALL)) {
      store.put("put", new byte[] {1, 2});
      assertThat(stored("put")).containsExactly(1, 2);
    }
  }
}
