package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import dev.kiln.testing.AzureServer;
import dev.kiln.testing.CloudServer;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import dev.kiln.testing.GoogleServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Google Cloud Storage and Azure Blob Storage under every fault that S3 is tested with: the same
 * bytes, or an error that names the object and what to do.
 */
@ParameterizedClass
@ValueSource(strings = {"gs", "az"})
@Timeout(60)
class CloudFaultsTest {
  private static final byte[] OBJECT = new byte[9_000_000];
  private static final RequestLimits LIMITS =
      new RequestLimits(4, 2, Duration.ofMillis(5), Duration.ofSeconds(20));

  /** Of tests whose server stalls; in others a busy machine must not look like a stall. */
  private static final RequestLimits IMPATIENT =
      new RequestLimits(4, 2, Duration.ofMillis(5), Duration.ofSeconds(2));

  @Parameter String scheme;
  private CloudServer server;
  private FaultProxy proxy;
  private String root;

  @BeforeEach
  void start() throws Exception {
    new Random(1).nextBytes(OBJECT);
    server = scheme.equals("gs") ? GoogleServer.start() : AzureServer.start();
    root = scheme.equals("gs") ? "gs://bucket" : "az://bucket";
    objects().put("object", OBJECT);
    proxy = new FaultProxy(server.port());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    server.close();
  }

  private Map<String, byte[]> objects() {
    return server.container(scheme.equals("gs") ? "bucket" : "kilntest/bucket");
  }

  private ObjectStore open(URI endpoint, RequestLimits limits) {
    StoreOptions options =
        scheme.equals("gs") ? GoogleServer.options(endpoint) : AzureServer.options(endpoint);
    return ObjectStores.open(
        root,
        new StoreOptions(options.endpoint(), options.region(), options.identity(), limits)
            .withCloud(options.cloud()));
  }

  private ObjectStore open() {
    return open(proxy.endpoint(), LIMITS);
  }

  private ObjectStore openImpatient() {
    return open(proxy.endpoint(), IMPATIENT);
  }

  private static byte[] fetch(ObjectStore store) throws IOException, InterruptedException {
    try (SparseObject object = store.open(List.of("object")).get(0)) {
      store.fetch(List.of(object.plan(List.of(new ByteRange(0, OBJECT.length)))));
      byte[] bytes = new byte[OBJECT.length];
      object.buffer().slice(0, bytes.length).get(bytes);
      return bytes;
    }
  }

  static Stream<Arguments> transientFaults() {
    return Stream.of(
        Arguments.of("500", Fault.error(500, "InternalError")),
        Arguments.of("503", Fault.error(503, "ServerBusy")),
        Arguments.of("503 without a reason", Fault.error(503, "")),
        Arguments.of("429", Fault.error(429, "TooManyRequests")),
        Arguments.of("408", Fault.error(408, "RequestTimeout")),
        Arguments.of("reset before the response", Fault.RESET),
        Arguments.of("reset within the response", Fault.resetAfter(30_000)),
        Arguments.of("stall before the response", Fault.stallAfter(0)),
        Arguments.of("stall within the response", Fault.stallAfter(30_000)),
        Arguments.of("short response", Fault.cutAfter(30_000)));
  }

  private static boolean isHead(FaultProxy.Request request) {
    return request.header("range").startsWith("bytes=0-");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("transientFaults")
  void transientFaultIsRetried(String name, Fault fault) throws Exception {
    Set<String> met = ConcurrentHashMap.newKeySet();
    proxy.plan(
        request ->
            isHead(request) || !met.add(request.header("range").replaceFirst(".*-", ""))
                ? Fault.NONE
                : fault);
    try (ObjectStore store = name.startsWith("stall") ? openImpatient() : open()) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(2);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("transientFaults")
  void lastingFaultIsNamed(String name, Fault fault) {
    if (name.startsWith("stall")) {
      return; // HttpStoreTest waits for these, in the same client.
    }
    proxy.plan(request -> isHead(request) ? Fault.NONE : fault);
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(UnavailableException.class)
          .hasMessageMatching(
              root + "/object: (the server responded|connection failed: |no connection to ).*");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 400})
  void permanentErrorIsNotRetriedAndNamesTheFix(int status) {
    String code =
        switch (status) {
          case 404 -> scheme.equals("gs") ? "NoSuchKey" : "BlobNotFound";
          case 400 -> "InvalidRequest";
          default -> scheme.equals("gs") ? "AccessDenied" : "AuthorizationPermissionMismatch";
        };
    boolean expired = status == 401 && scheme.equals("gs");
    proxy.plan(request -> Fault.error(status, code));
    try (ObjectStore store = open()) {
      if (expired) {
        assertThatThrownBy(() -> fetch(store))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageContaining("the credentials have expired");
      } else {
        assertThatThrownBy(() -> fetch(store))
            .isInstanceOf(
                status == 404
                    ? NoSuchFileException.class
                    : status == 400 ? UnreadableObjectException.class : AccessDeniedException.class)
            .hasMessageStartingWith(root + "/object: ")
            .hasMessageContaining(
                status == 404
                    ? "no such object in " + root
                    : status == 400
                        ? "the service responded 400 InvalidRequest"
                        : scheme.equals("gs") ? "storage.objects.get" : "Storage Blob Data");
      }
      assertThat(proxy.requests()).hasSize(1);
    }
  }

  @Test
  void errorOfTheWholeStoreIsAConfigurationError() {
    try (ObjectStore store = open()) {
      for (String code :
          scheme.equals("gs")
              ? List.of("NoSuchBucket", "SignatureDoesNotMatch", "RequestTimeTooSkewed")
              : List.of("ContainerNotFound", "AuthenticationFailed", "AccountIsDisabled")) {
        proxy.plan(request -> Fault.error(403, code));
        assertThatThrownBy(() -> fetch(store))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageStartingWith(root + ": ");
        assertThat(proxy.requests()).hasSize(1);
      }
    }
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
  void brokenPartContinuesWhereItEnded() throws Exception {
    proxy.plan(request -> request.number() == 1 ? Fault.cutAfter(300_000) : Fault.NONE);
    try (ObjectStore store = open()) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
  }

  @Test
  void allRangesAreOfOneVersion() throws Exception {
    byte[] other = OBJECT.clone();
    other[8_800_000]++;
    proxy.plan(
        request -> {
          if (request.number() == 2) {
            objects().put("object", other);
          }
          return Fault.NONE;
        });
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(ObjectChangedException.class)
          .hasMessage(root + "/object: the object changed while it was read");
      assertThat(store.traffic().retries()).isZero();
    }
  }

  @Test
  void serviceThatCannotBeReachedIsTransient() {
    try (ObjectStore store = open(URI.create("http://127.0.0.1:1"), LIMITS)) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(UnavailableException.class)
          .hasMessageContaining("connection refused by http://127.0.0.1:1");
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
  }

  @Test
  void interruptCancelsAFetch() throws Exception {
    proxy.plan(request -> isHead(request) ? Fault.NONE : Fault.stallAfter(5000));
    AtomicReference<Throwable> ended = new AtomicReference<>();
    try (ObjectStore store = open()) {
      Thread fetching =
          new Thread(
              () -> {
                try {
                  fetch(store);
                } catch (Throwable e) {
                  ended.set(e);
                }
              });
      fetching.start();
      while (proxy.requests().size() < 2) {
        Thread.sleep(5);
      }
      fetching.interrupt();
      fetching.join(15_000);
      assertThat(ended.get()).isInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void putIsRetriedAndLeavesTheObjectWhole() throws Exception {
    proxy.plan(
        request ->
            switch (request.number()) {
              case 0 -> Fault.error(503, "ServerBusy");
              case 2 -> Fault.RESET;
              default -> Fault.NONE;
            });
    try (ObjectStore store = open()) {
      store.put("put", OBJECT);
      store.put("again", OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(2);
      assertThat(store.traffic().bytesWritten()).isEqualTo(2L * OBJECT.length);
      assertThat(objects().get("put")).isEqualTo(OBJECT);
      assertThat(objects().get("again")).isEqualTo(OBJECT);
    }
  }

  @Test
  void putWithoutConfirmationIsRetried() throws Exception {
    proxy.plan(request -> request.number() == 0 ? Fault.error(200, "InternalError") : Fault.NONE);
    try (ObjectStore store = open()) {
      store.put("put", new byte[] {1, 2});
      assertThat(objects().get("put")).containsExactly(1, 2);
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
  }

  @Test
  void uploadThatStallsIsRetried() throws Exception {
    proxy.plan(request -> request.number() == 0 ? link -> link.hang() : Fault.NONE);
    try (ObjectStore store = openImpatient()) {
      store.put("put", new byte[] {1, 2});
      assertThat(objects().get("put")).containsExactly(1, 2);
    }
  }

  @Test
  void refusedPutNamesThePermission() {
    proxy.plan(
        request -> Fault.error(403, scheme.equals("gs") ? "AccessDenied" : "AuthorizationFailure"));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> store.put("put", new byte[10]))
          .isInstanceOf(AccessDeniedException.class)
          .hasMessageContaining(root + "/put")
          .hasMessageContaining(
              scheme.equals("gs") ? "storage.objects.create" : "Storage Blob Data");
    }
  }

  @Test
  void lostResponseToTheEndOfAnUploadIsNoError() throws Exception {
    byte[] large = new byte[Uploads.LARGE_BYTES + 1];
    new Random(3).nextBytes(large);
    Set<String> met = ConcurrentHashMap.newKeySet();
    proxy.plan(
        request -> {
          boolean last =
              request.path().contains("comp=blocklist")
                  || request.method().equals("POST") && request.path().contains("uploadId=");
          return last && met.add("lost")
              ? link -> {
                link.forward(Long.MAX_VALUE, false);
                link.reset();
              }
              : Fault.NONE;
        });
    try (ObjectStore store = open()) {
      store.put("large", large);
      assertThat(objects().get("large")).isEqualTo(large);
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
  }

  @Test
  void largePutIsUploadedInPartsAndFailsAsAWhole() throws Exception {
    byte[] large = new byte[Uploads.LARGE_BYTES + 1];
    new Random(2).nextBytes(large);
    String part = scheme.equals("gs") ? "partNumber=3" : "comp=block&";
    try (ObjectStore store = open()) {
      Set<String> met = ConcurrentHashMap.newKeySet();
      proxy.plan(
          request ->
              request.path().contains(part) && met.add("3")
                  ? Fault.error(500, "InternalError")
                  : Fault.NONE);
      store.put("large", large);
      assertThat(objects().get("large")).isEqualTo(large);
      assertThat(store.traffic().retries()).isEqualTo(1);

      proxy.plan(
          request ->
              request.path().contains(part)
                  ? Fault.error(403, scheme.equals("gs") ? "AccessDenied" : "AuthorizationFailure")
                  : Fault.NONE);
      assertThatThrownBy(() -> store.put("refused", large))
          .isInstanceOf(AccessDeniedException.class);
      assertThat(objects()).doesNotContainKey("refused");
    }
    if (server instanceof GoogleServer google) {
      for (int i = 0; i < 100 && google.openUploads() > 0; i++) {
        Thread.sleep(20);
      }
      assertThat(google.openUploads()).isZero();
    }
  }
}
