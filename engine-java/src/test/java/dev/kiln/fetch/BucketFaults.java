package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Writing to a bucket of any cloud, and what changes behind the reader. Subclasses also provide a
 * static method {@code storeErrors}.
 */
abstract class BucketFaults extends StoreFaults {
  /**
   * What a service responds.
   *
   * @param busy code of a service with too many requests
   * @param denied code of a denied write
   * @param permission that a write needs
   */
  record Codes(String busy, String denied, String permission) {}

  abstract Codes codes();

  /** Returns the bytes of an object on the server; null if there is none. */
  abstract byte[] stored(String key) throws IOException;

  /** Creates or replaces an object on the server. */
  abstract void replace(String key, byte[] bytes) throws IOException;

  /** Returns whether a request uploads the third part of an object. */
  abstract boolean isThirdPart(FaultProxy.Request request);

  /** Checks that the server drops an upload that was given up. */
  abstract void assertDiscarded() throws Exception;

  @Override
  final String key() {
    return "object";
  }

  @ParameterizedTest
  @MethodSource("storeErrors")
  void errorOfTheWholeStoreIsAConfigurationError(int status, String code, String advice) {
    proxy.plan(request -> Fault.error(status, code));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageStartingWith(root() + ": ")
          .hasMessageContaining(advice);
      assertThat(proxy.requests()).hasSize(1);
    }
  }

  @Test
  void allRangesAreOfOneVersion() throws Exception {
    byte[] other = OBJECT.clone();
    other[15_000_000]++;
    replace("changing", OBJECT);
    proxy.plan(
        request -> {
          if (request.number() == 2) {
            replace("changing", other);
          }
          return Fault.NONE;
        });
    try (ObjectStore store = open();
        SparseObject object = store.open(List.of("changing")).get(0)) {
      RangePlan plan = object.plan(List.of(new ByteRange(0, OBJECT.length)));
      assertThatThrownBy(() -> store.fetch(List.of(plan)))
          .isInstanceOf(ObjectChangedException.class)
          .hasMessage(root() + "/changing: the object changed while it was read");
      assertThat(store.traffic().retries()).isZero();
    }
  }

  @Test
  void putIsRetriedAndTheObjectIsComplete() throws Exception {
    proxy.plan(
        request ->
            switch (request.number()) {
              case 0 -> Fault.error(503, codes().busy());
              case 2 -> Fault.RESET;
              default -> Fault.NONE;
            });
    try (ObjectStore store = open()) {
      store.put("put", OBJECT);
      store.put("again", OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(2);
      assertThat(store.traffic().bytesWritten()).isEqualTo(2L * OBJECT.length);
      assertThat(stored("put")).isEqualTo(OBJECT);
      assertThat(stored("again")).isEqualTo(OBJECT);
    }
  }

  @Test
  void deniedPutNamesThePermission() {
    proxy.plan(request -> Fault.error(403, codes().denied()));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> store.put("put", new byte[10]))
          .isInstanceOf(AccessDeniedException.class)
          .hasMessageContaining(root() + "/put")
          .hasMessageContaining(codes().permission());
    }
  }

  @Test
  void largePutIsUploadedInPartsAndFailsAsAWhole() throws Exception {
    byte[] large = random(Uploads.LARGE_BYTES + 1, 2);
    try (ObjectStore store = open()) {
      for (Fault fault : List.of(Fault.RESET, Fault.error(500, "InternalError"))) {
        Set<String> met = ConcurrentHashMap.newKeySet();
        proxy.plan(request -> isThirdPart(request) && met.add("3") ? fault : Fault.NONE);
        long before = store.traffic().retries();
        store.put("large", large);
        assertThat(proxy.requests().stream().filter(this::isThirdPart)).hasSize(2);
        assertThat(store.traffic().retries() - before).isEqualTo(1);
        assertThat(stored("large")).isEqualTo(large);
      }

      proxy.plan(request -> isThirdPart(request) ? Fault.error(403, codes().denied()) : Fault.NONE);
      assertThatThrownBy(() -> store.put("refused", large))
          .isInstanceOf(AccessDeniedException.class);
      assertThat(stored("refused")).isNull();
      assertThat(store.exists("refused")).isFalse();
      assertDiscarded();
    }
  }

  @Test
  void lostResponseToTheEndOfAnUploadIsNoError() throws Exception {
    byte[] large = random(Uploads.LARGE_BYTES + 1, 3);
    Set<String> met = ConcurrentHashMap.newKeySet();
    proxy.plan(
        request ->
            endsUpload(request) && met.add("lost")
                ? link -> {
                  link.forward(Long.MAX_VALUE, false);
                  link.reset();
                }
                : Fault.NONE);
    try (ObjectStore store = open()) {
      store.put("large", large);
      assertThat(stored("large")).isEqualTo(large);
      assertThat(met).hasSize(1);
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
  }

  static boolean endsUpload(FaultProxy.Request request) {
    return request.path().contains("comp=blocklist")
        || request.method().equals("POST") && request.path().contains("uploadId=");
  }
}
