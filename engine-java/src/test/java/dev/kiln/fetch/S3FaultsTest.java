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
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** S3 under faults. */
class S3FaultsTest extends BucketFaults {
  private static final String EXPIRED = "credentials expired";

  @TempDir static Path directory;
  private static S3Server server;

  @BeforeAll
  static void startServer() throws Exception {
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

  @Override
  int port() {
    return server.port();
  }

  @Override
  String root() {
    return "s3://bucket";
  }

  @Override
  Codes codes() {
    return new Codes("SlowDown", "AccessDenied", "s3:PutObject");
  }

  @Override
  ObjectStore open(URI endpoint, RequestLimits limits) {
    return open(endpoint, S3Server.KEY, limits);
  }

  private static ObjectStore open(URI endpoint, AccessKey key) {
    return open(endpoint, key, LIMITS);
  }

  private static ObjectStore open(URI endpoint, AccessKey key, RequestLimits limits) {
    return ObjectStores.open("s3://bucket", options(endpoint, key, limits));
  }

  private static StoreOptions options(URI endpoint, AccessKey key, RequestLimits limits) {
    return new StoreOptions(
        Optional.of(endpoint),
        Optional.of("us-west-2"),
        new Identity(Identity.Signing.REQUIRED, Optional.of(key), false),
        limits);
  }

  @Override
  byte[] stored(String key) throws IOException {
    Path file = server.bucket("bucket").resolve(key);
    return Files.exists(file) ? Files.readAllBytes(file) : null;
  }

  @Override
  void replace(String key, byte[] bytes) throws IOException {
    try (ObjectStore store = open(server.endpoint(), S3Server.KEY)) {
      store.put(key, bytes);
    }
  }

  @Override
  boolean isThirdPart(FaultProxy.Request request) {
    return request.path().contains("partNumber=3");
  }

  private static boolean isAbort(FaultProxy.Request request) {
    return request.method().equals("DELETE") && request.path().contains("uploadId");
  }

  /** The upload is discarded while the caller goes on. */
  @Override
  void assertDiscarded() throws InterruptedException {
    for (int i = 0; i < 100 && proxy.requests().stream().noneMatch(S3FaultsTest::isAbort); i++) {
      Thread.sleep(100);
    }
    assertThat(proxy.requests()).anyMatch(S3FaultsTest::isAbort);
  }

  static Stream<Arguments> transientFaults() {
    return withCommonFaults(
        Arguments.of("503", Fault.error(503, "SlowDown")),
        Arguments.of("307 of a new bucket", Fault.error(307, "TemporaryRedirect")),
        Arguments.of("400 request timeout", Fault.error(400, "RequestTimeout")),
        Arguments.of(EXPIRED, Fault.error(400, "ExpiredToken")));
  }

  static Stream<Arguments> lastingFaults() {
    return transientFaults();
  }

  @Override
  void assertLasting(String name, ObjectStore store) {
    if (name.equals(EXPIRED)) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("s3://bucket: the credentials have expired (ExpiredToken)");
    } else {
      super.assertLasting(name, store);
    }
  }

  @Override
  String lastingReasons() {
    return "the service responded|connection failed: ";
  }

  static Stream<Arguments> permanentErrors() {
    return Stream.of(
        Arguments.of(
            403,
            "AccessDenied",
            AccessDeniedException.class,
            "the requester pays: then give --requester-pays"),
        Arguments.of(404, "NoSuchKey", NoSuchFileException.class, "no such object in s3://bucket"),
        Arguments.of(
            400,
            "InvalidRequest",
            UnreadableObjectException.class,
            "the service responded 400 InvalidRequest: injected"));
  }

  static Stream<Arguments> storeErrors() {
    return Stream.of(
        Arguments.of(404, "NoSuchBucket", "no such bucket"),
        Arguments.of(403, "InvalidAccessKeyId", "the credentials are refused (InvalidAccessKeyId)"),
        Arguments.of(403, "SignatureDoesNotMatch", "ENDPOINT_ACCESS_KEY"),
        Arguments.of(403, "RequestTimeTooSkewed", "clock is wrong"),
        Arguments.of(301, "PermanentRedirect", "give --region"),
        Arguments.of(400, "AuthorizationHeaderMalformed", "give --region"));
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
  void rangesHaveTheConditionThatTheObjectIsUnchanged() throws Exception {
    try (ObjectStore store = open()) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
    }
    assertThat(proxy.requests())
        .filteredOn(request -> !isHead(request))
        .hasSize(3)
        .allSatisfy(request -> assertThat(request.header("if-match")).isNotEmpty());
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

  /** The SDK sends the first request of a store, and Kiln the others. */
  @ParameterizedTest
  @MethodSource({"permanentErrors", "laterErrors"})
  void laterRequestsFailLikeTheFirst(
      int status, String code, Class<? extends Exception> error, String advice) {
    proxy.plan(request -> isHead(request) ? Fault.NONE : Fault.error(status, code));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store)).isInstanceOf(error).hasMessageContaining(advice);
      // One for each part at most, none of them repeated.
      assertThat(proxy.requests().size()).isBetween(1 + 1, 1 + 3);
    }
  }

  static Stream<Arguments> laterErrors() {
    return Stream.concat(
        Stream.of(
            Arguments.of(
                412,
                "PreconditionFailed",
                ObjectChangedException.class,
                "the object changed while it was read")),
        storeErrors()
            .map(Arguments::get)
            .map(of -> Arguments.of(of[0], of[1], ConfigurationException.class, of[2])));
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

  @Test
  void hostThatCannotBeResolvedIsTransient() {
    try (ObjectStore store = open(URI.create("http://no-such-host.invalid:9000"), S3Server.KEY)) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(UnavailableException.class)
          .hasMessageContaining("cannot resolve the host name of no-such-host.invalid:9000");
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
  }

  /** An interrupt while a request is started must not be swallowed by the client. */
  @Test
  void startingARequestKeepsTheInterrupt() {
    StoreOptions options = options(proxy.endpoint(), S3Server.KEY, LIMITS);
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

  /** Although there is an object of the same size, which an earlier upload could have left. */
  @Test
  void uploadThatIsUnknownForAnotherReasonIsAnError() throws Exception {
    byte[] large = random(Uploads.LARGE_BYTES + 1, 3);
    replace("known", large);
    Path before = server.bucket("bucket").resolve("known");
    Files.setLastModifiedTime(before, FileTime.from(Instant.now().minusSeconds(60)));
    proxy.plan(request -> endsUpload(request) ? Fault.error(404, "NoSuchUpload") : Fault.NONE);
    byte[] other = large.clone();
    other[7]++;
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> store.put("known", other)).isInstanceOf(IOException.class);
      assertThat(store.read("known")).isEqualTo(large);
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
