package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import dev.kiln.testing.RangeServer;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each fault of the connection or service ends in the same bytes, or in an error that describes it.
 */
@Timeout(60)
class S3FaultsTest {
  private static final byte[] OBJECT = new byte[20_000_000];
  private static final RequestLimits LIMITS =
      new RequestLimits(4, 2, Duration.ofMillis(5), Duration.ofSeconds(20));

  /** Of tests whose server stalls; in others a busy machine must not look like a stall. */
  private static final RequestLimits IMPATIENT =
      new RequestLimits(4, 2, Duration.ofMillis(5), Duration.ofSeconds(2));

  @TempDir static Path directory;
  private static S3Server server;
  private FaultProxy proxy;

  @BeforeAll
  static void startServer() throws Exception {
    new Random(1).nextBytes(OBJECT);
    server = S3Server.start(directory);
    server.bucket("bucket");
    try (ObjectStore store = open(server.endpoint(), S3Server.KEY)) {
      store.put("object", OBJECT);
    }
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  /** Each test has a proxy of its own, because a cancelled request can arrive after its test. */
  @BeforeEach
  void startProxy() throws IOException {
    proxy = new FaultProxy(server.port());
  }

  @AfterEach
  void stopProxy() throws IOException {
    proxy.close();
  }

  private static ObjectStore open(URI endpoint, AccessKey key) {
    return open(endpoint, key, LIMITS);
  }

  private static ObjectStore open(URI endpoint, AccessKey key, RequestLimits limits) {
    return ObjectStores.open(
        "s3://bucket",
        new StoreOptions(
            Optional.of(endpoint),
            Optional.of("us-west-2"),
            new Identity(Identity.Signing.REQUIRED, Optional.of(key), false),
            limits));
  }

  private ObjectStore open() {
    return open(proxy.endpoint(), S3Server.KEY);
  }

  private ObjectStore open(Fault fault) {
    return open(proxy.endpoint(), S3Server.KEY, fault == STALL ? IMPATIENT : LIMITS);
  }

  /** Fetches the whole object in ranges, and returns its bytes. */
  private static byte[] fetch(ObjectStore store) throws IOException, InterruptedException {
    try (SparseObject object = store.open(List.of("object")).get(0)) {
      store.fetch(List.of(object.plan(List.of(new ByteRange(0, OBJECT.length)))));
      byte[] bytes = new byte[OBJECT.length];
      object.buffer().slice(0, bytes.length).get(bytes);
      return bytes;
    }
  }

  /** Stalls before the response and within it. */
  private static final Fault STALL =
      link -> {
        if (link.request().number() % 2 == 0) {
          link.hang();
        }
        link.forward(30_000);
        link.hang();
      };

  static Stream<Arguments> transientFaults() {
    return Stream.of(
        Arguments.of("500", Fault.error(500, "InternalError")),
        Arguments.of("503", Fault.error(503, "SlowDown")),
        Arguments.of("503 without a reason", Fault.error(503, "")),
        Arguments.of("429", Fault.error(429, "TooManyRequests")),
        Arguments.of("307 of a new bucket", Fault.error(307, "TemporaryRedirect")),
        Arguments.of("400 request timeout", Fault.error(400, "RequestTimeout")),
        Arguments.of("credentials expired", Fault.error(400, "ExpiredToken")),
        Arguments.of("reset before the response", Fault.RESET),
        Arguments.of("reset within the response", Fault.resetAfter(30_000)),
        Arguments.of("stall", STALL),
        Arguments.of("short response", Fault.cutAfter(30_000)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("transientFaults")
  void transientFaultIsRetried(String name, Fault fault) throws Exception {
    // Each range fails once, and its retry succeeds. Stalls take seconds, so the head has none.
    boolean slow = fault == STALL;
    Set<String> met = ConcurrentHashMap.newKeySet();
    proxy.plan(
        request ->
            slow && isHead(request) || !met.add(end(request.header("range"))) ? Fault.NONE : fault);
    int faults = slow ? 3 : 4;
    try (ObjectStore store = open(fault)) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(faults);
      assertThat(store.traffic().requests()).isEqualTo(4 + faults);
      assertThat(proxy.requests()).hasSize(4 + faults);
    }
  }

  private static boolean isHead(FaultProxy.Request request) {
    return request.header("range").startsWith("bytes=0-");
  }

  /** The retry of a part starts later and ends at the same byte. */
  private static String end(String range) {
    return range.substring(range.indexOf('-'));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("transientFaults")
  void lastingFaultIsReported(String name, Fault fault) {
    proxy.plan(request -> isHead(request) ? Fault.NONE : fault);
    try (ObjectStore store = open(fault)) {
      if (name.equals("credentials expired")) {
        assertThatThrownBy(() -> fetch(store))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageContaining("s3://bucket: the credentials have expired (ExpiredToken)");
      } else {
        assertThatThrownBy(() -> fetch(store))
            .isInstanceOf(UnavailableException.class)
            .hasMessageMatching(
                "s3://bucket/object: (the service responded|connection failed: ).*");
      }
      // The head, and two attempts for each of three parts; the first that fails cancels the
      // others, perhaps before they were sent.
      assertThat(proxy.requests()).hasSizeBetween(1 + 2, 1 + 6);
    }
  }

  @Test
  void expiredCredentialsAreLookedUpAgain() throws Exception {
    System.setProperty("aws.accessKeyId", "AKIAOLD");
    System.setProperty("aws.secretAccessKey", "planted-old-secret");
    proxy.plan(
        request -> {
          if (!request.header("authorization").contains("AKIAOLD")) {
            return Fault.NONE;
          }
          System.setProperty("aws.accessKeyId", S3Server.KEY.id());
          System.setProperty("aws.secretAccessKey", S3Server.KEY.secret());
          return Fault.error(400, "ExpiredToken");
        });
    StoreOptions options =
        new StoreOptions(
            Optional.of(proxy.endpoint()),
            Optional.of("us-west-2"),
            new Identity(Identity.Signing.REQUIRED, Optional.empty(), false),
            LIMITS);
    try (ObjectStore store = ObjectStores.open("s3://bucket", options)) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(1);
    } finally {
      System.clearProperty("aws.accessKeyId");
      System.clearProperty("aws.secretAccessKey");
    }
  }

  @Test
  void interruptedPartContinuesAtItsLastByte() throws Exception {
    proxy.plan(request -> request.number() == 1 ? Fault.resetAfter(3_000_000) : Fault.NONE);
    try (ObjectStore store = open()) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
    }
    FaultProxy.Request broken = proxy.requests().get(1);
    long begin = begin(broken);
    long again =
        proxy.requests().stream()
            .filter(
                r -> r.number() > 1 && end(r.header("range")).equals(end(broken.header("range"))))
            .mapToLong(S3FaultsTest::begin)
            .findFirst()
            .orElseThrow();
    assertThat(again - begin).isBetween(1L, 3_000_000L);
  }

  private static long begin(FaultProxy.Request request) {
    String range = request.header("range");
    return Long.parseLong(range.substring("bytes=".length(), range.indexOf('-')));
  }

  @Test
  void allRangesAreOfOneVersion() throws Exception {
    byte[] other = OBJECT.clone();
    other[15_000_000]++;
    try (ObjectStore direct = open(server.endpoint(), S3Server.KEY);
        ObjectStore store = open()) {
      direct.put("changing", OBJECT);
      proxy.plan(
          request -> {
            if (request.number() == 2) {
              direct.put("changing", other);
            }
            return Fault.NONE;
          });
      try (SparseObject object = store.open(List.of("changing")).get(0)) {
        RangePlan plan = object.plan(List.of(new ByteRange(0, OBJECT.length)));
        assertThatThrownBy(() -> store.fetch(List.of(plan)))
            .isInstanceOf(ObjectChangedException.class)
            .hasMessage("s3://bucket/changing: the object changed while it was read");
      }
      assertThat(store.traffic().retries()).isZero();
      assertThat(proxy.requests().get(1).header("if-match")).isNotEmpty();
    }
  }

  /** Services in front of a bucket can weaken its tags, which never match a condition then. */
  @Test
  void weakTagsAreComparedAndNotSent() throws Exception {
    try (RangeServer weak = RangeServer.start();
        ObjectStore store = open(weak.uri(), S3Server.KEY)) {
      weak.validator(RangeServer.Validator.WEAK_TAG);
      weak.put("bucket/object", OBJECT);
      assertThat(fetch(store)).isEqualTo(OBJECT);
      assertThat(weak.requests()).allMatch(request -> request.header("If-Match").isEmpty());
      try (SparseObject object = store.open(List.of("object")).get(0)) {
        byte[] other = OBJECT.clone();
        other[15_000_000]++;
        weak.put("bucket/object", other);
        RangePlan plan = object.plan(List.of(new ByteRange(0, OBJECT.length)));
        assertThatThrownBy(() -> store.fetch(List.of(plan)))
            .isInstanceOf(ObjectChangedException.class);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "403, AccessDenied, java.nio.file.AccessDeniedException, the requester pays: then give"
        + " --requester-pays",
    "404, NoSuchKey, java.nio.file.NoSuchFileException, no such object in s3://bucket",
    "400, InvalidRequest, dev.kiln.fetch.UnreadableObjectException, the service responded 400"
        + " InvalidRequest: injected"
  })
  void permanentErrorIsNotRetriedAndNamesTheFix(
      int status, String code, Class<? extends IOException> error, String advice) {
    proxy.plan(request -> Fault.error(status, code));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(error)
          .hasMessageStartingWith("s3://bucket/object: ")
          .hasMessageContaining(advice);
      assertThat(proxy.requests()).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "404, NoSuchBucket, no such bucket",
    "403, InvalidAccessKeyId, the credentials are refused (InvalidAccessKeyId)",
    "403, SignatureDoesNotMatch, ENDPOINT_ACCESS_KEY",
    "403, RequestTimeTooSkewed, clock is wrong",
    "301, PermanentRedirect, give --region",
    "400, AuthorizationHeaderMalformed, give --region"
  })
  void errorOfTheWholeStoreIsAConfigurationError(int status, String code, String advice) {
    proxy.plan(request -> Fault.error(status, code));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageStartingWith("s3://bucket: ")
          .hasMessageContaining(advice);
      assertThat(proxy.requests()).hasSize(1);
    }
  }

  /** The SDK sends the first request of a store, and Kiln the others. */
  @ParameterizedTest
  @CsvSource({
    "403, AccessDenied, java.nio.file.AccessDeniedException, the requester pays: then give",
    "404, NoSuchKey, java.nio.file.NoSuchFileException, no such object in s3://bucket",
    "400, InvalidRequest, dev.kiln.fetch.UnreadableObjectException, the service responded 400"
        + " InvalidRequest: injected",
    "412, PreconditionFailed, dev.kiln.fetch.ObjectChangedException, the object changed",
    "404, NoSuchBucket, dev.kiln.error.ConfigurationException, no such bucket",
    "403, SignatureDoesNotMatch, dev.kiln.error.ConfigurationException, ENDPOINT_ACCESS_KEY",
    "403, RequestTimeTooSkewed, dev.kiln.error.ConfigurationException, clock is wrong",
    "301, PermanentRedirect, dev.kiln.error.ConfigurationException, give --region",
    "400, AuthorizationHeaderMalformed, dev.kiln.error.ConfigurationException, give --region"
  })
  void laterRequestsFailLikeTheFirst(
      int status, String code, Class<? extends Exception> error, String advice) {
    proxy.plan(request -> isHead(request) ? Fault.NONE : Fault.error(status, code));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store)).isInstanceOf(error).hasMessageContaining(advice);
      // One for each part at most, none of them repeated.
      assertThat(proxy.requests().size()).isBetween(1 + 1, 1 + 3);
    }
  }

  @Test
  void everyRequestIsSignedAndSaysWhoPays() throws Exception {
    System.setProperty("aws.accessKeyId", S3Server.KEY.id());
    System.setProperty("aws.secretAccessKey", S3Server.KEY.secret());
    System.setProperty("aws.sessionToken", "planted-session-token");
    try (RangeServer open = RangeServer.start();
        FaultProxy recording = new FaultProxy(open.port())) {
      open.put("bucket/object", OBJECT);
      StoreOptions options =
          new StoreOptions(
              Optional.of(recording.endpoint()),
              Optional.of("eu-central-1"),
              new Identity(Identity.Signing.REQUIRED, Optional.empty(), true),
              LIMITS);
      try (ObjectStore store = ObjectStores.open("s3://bucket", options)) {
        assertThat(fetch(store)).isEqualTo(OBJECT);
      }
      assertThat(recording.requests())
          .hasSize(4)
          .allSatisfy(
              request -> {
                assertThat(request.path()).isEqualTo("/bucket/object");
                assertThat(request.header("authorization"))
                    .matches(
                        "AWS4-HMAC-SHA256 Credential=AKIAKILNTEST/\\d{8}/eu-central-1/s3/aws4_request,"
                            + " SignedHeaders=.*;x-amz-request-payer;x-amz-security-token,.*");
                assertThat(request.header("x-amz-request-payer")).isEqualTo("requester");
                assertThat(request.header("x-amz-security-token"))
                    .isEqualTo("planted-session-token");
              });
    } finally {
      System.clearProperty("aws.accessKeyId");
      System.clearProperty("aws.secretAccessKey");
      System.clearProperty("aws.sessionToken");
    }
  }

  @Test
  void anonymousRequestsHaveNoSignature() throws Exception {
    try (RangeServer open = RangeServer.start();
        FaultProxy recording = new FaultProxy(open.port())) {
      open.put("bucket/object", OBJECT);
      StoreOptions options =
          new StoreOptions(
              Optional.of(recording.endpoint()),
              Optional.empty(),
              new Identity(Identity.Signing.ANONYMOUS, Optional.empty(), false),
              LIMITS);
      try (ObjectStore store = ObjectStores.open("s3://bucket", options)) {
        assertThat(fetch(store)).isEqualTo(OBJECT);
      }
      assertThat(recording.requests())
          .hasSize(4)
          .allMatch(request -> request.header("authorization").isEmpty());
    }
  }

  @Test
  void wrongSecretIsDenied() {
    AccessKey wrong = new AccessKey(S3Server.KEY.id(), "planted-wrong-secret");
    try (ObjectStore store = open(server.endpoint(), wrong)) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("SignatureDoesNotMatch")
          .hasMessageNotContaining("planted");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://no-such-host.invalid:9000, cannot resolve the host name of no-such-host.invalid:9000",
    "http://127.0.0.1:1, connection refused by 127.0.0.1:1"
  })
  void serviceThatCannotBeReachedIsTransient(URI endpoint, String reason) {
    try (ObjectStore store = open(endpoint, S3Server.KEY)) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(UnavailableException.class)
          .hasMessageContaining(reason);
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
  }

  @Test
  void interruptCancelsAFetchAtOnce() throws Exception {
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
      while (proxy.requests().size() < 3) {
        Thread.sleep(5);
      }
      fetching.interrupt();
      // The stall itself would take 20 s.
      fetching.join(15_000);
      assertThat(ended.get()).isInstanceOf(InterruptedException.class);

      proxy.plan(request -> Fault.NONE);
      assertThat(fetch(store)).isEqualTo(OBJECT);
    }
  }

  /** An interrupt while a request is started must not be swallowed by the client. */
  @Test
  void startingARequestKeepsTheInterrupt() {
    StoreOptions options =
        new StoreOptions(
            Optional.of(proxy.endpoint()),
            Optional.of("us-west-2"),
            new Identity(Identity.Signing.REQUIRED, Optional.of(S3Server.KEY), false),
            LIMITS);
    try (S3Requests requests = new S3Requests(S3Location.parse("s3://bucket"), options)) {
      for (int i = 0; i < 50; i++) {
        Thread.currentThread().interrupt();
        CompletableFuture<RangeSink> request =
            requests.range(
                "object", new ByteRange(0, 1000), Optional.empty(), ByteBuffer.allocate(1000));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(request.join().received()).isEqualTo(1000);
      }
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void putIsRetriedAndTheObjectIsComplete() throws Exception {
    proxy.plan(
        request ->
            request.number() == 0
                ? Fault.error(503, "SlowDown")
                : request.path().contains("again") && request.number() == 2
                    ? Fault.RESET
                    : Fault.NONE);
    try (ObjectStore store = open()) {
      store.put("put", OBJECT);
      store.put("again", OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(2);
      assertThat(store.traffic().bytesWritten()).isEqualTo(2L * OBJECT.length);
      assertThat(store.read("put")).isEqualTo(OBJECT);
      assertThat(store.read("again")).isEqualTo(OBJECT);
    }
  }

  @Test
  void deniedPutNamesThePermission() {
    proxy.plan(request -> Fault.error(403, "AccessDenied"));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> store.put("put", new byte[10]))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("s3://bucket/put")
          .hasMessageContaining("s3:PutObject");
    }
  }

  private static boolean isAbort(FaultProxy.Request request) {
    return request.method().equals("DELETE") && request.path().contains("uploadId");
  }

  @Test
  void largePutIsUploadedInPartsAndFailsAsAWhole() throws Exception {
    byte[] large = new byte[Uploads.LARGE_BYTES + 1];
    new Random(2).nextBytes(large);
    try (ObjectStore store = open()) {
      Set<String> met = ConcurrentHashMap.newKeySet();
      proxy.plan(
          request ->
              request.path().contains("partNumber=3") && met.add("3") ? Fault.RESET : Fault.NONE);
      store.put("large", large);
      assertThat(proxy.requests().stream().filter(r -> r.path().contains("partNumber"))).hasSize(6);
      assertThat(store.read("large")).isEqualTo(large);

      proxy.plan(
          request ->
              request.path().contains("partNumber=3")
                  ? Fault.error(403, "AccessDenied")
                  : Fault.NONE);
      assertThatThrownBy(() -> store.put("broken", large)).isInstanceOf(IOException.class);
      assertThat(store.exists("broken")).isFalse();
      // The upload is discarded while the caller goes on.
      for (int i = 0; i < 100 && proxy.requests().stream().noneMatch(S3FaultsTest::isAbort); i++) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
      assertThat(proxy.requests()).anyMatch(S3FaultsTest::isAbort);
    }
  }

  @Test
  void lostResponseToTheEndOfAnUploadIsNoError() throws Exception {
    byte[] large = new byte[Uploads.LARGE_BYTES + 1];
    new Random(3).nextBytes(large);
    Set<String> met = ConcurrentHashMap.newKeySet();
    proxy.plan(
        request ->
            request.method().equals("POST")
                    && request.path().contains("uploadId=")
                    && met.add(request.path())
                ? link -> {
                  link.forward(Long.MAX_VALUE, false);
                  link.reset();
                }
                : Fault.NONE);
    try (ObjectStore store = open()) {
      store.put("large", large);
      assertThat(store.read("large")).isEqualTo(large);
      assertThat(met).hasSize(1);

      // An upload that is unknown for another reason is an error, although there is an object of
      // the same size.
      Path before = server.bucket("bucket").resolve("large");
      Files.setLastModifiedTime(before, FileTime.from(Instant.now().minusSeconds(60)));
      proxy.plan(
          request ->
              request.method().equals("POST") && request.path().contains("uploadId=")
                  ? Fault.error(404, "NoSuchUpload")
                  : Fault.NONE);
      byte[] other = large.clone();
      other[7]++;
      assertThatThrownBy(() -> store.put("large", other)).isInstanceOf(IOException.class);
      assertThat(store.read("large")).isEqualTo(large);
    }
  }

  @Test
  void concurrentRequestsAreLimited() throws Exception {
    Set<Integer> inside = ConcurrentHashMap.newKeySet();
    Set<Integer> seen = ConcurrentHashMap.newKeySet();
    proxy.plan(
        request ->
            link -> {
              inside.add(request.number());
              seen.add(inside.size());
              Thread.sleep(20);
              link.forward(Long.MAX_VALUE);
              inside.remove(request.number());
            });
    try (ObjectStore store = open()) {
      store.open(java.util.Collections.nCopies(12, "object")).forEach(SparseObject::close);
    }
    assertThat(seen).contains(LIMITS.connections());
    assertThat(seen).allMatch(n -> n <= LIMITS.connections());
  }
}
