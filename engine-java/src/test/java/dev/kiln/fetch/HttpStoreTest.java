package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import dev.kiln.testing.FaultProxy.Fault;
import dev.kiln.testing.RangeServer;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A web server is read like a bucket: each fault ends in the same bytes, or in an error that
 * describes it.
 */
class HttpStoreTest extends StoreFaults {
  private RangeServer server;

  @Override
  int port() throws Exception {
    server = RangeServer.start();
    server.put(key(), OBJECT);
    return server.port();
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Override
  String key() {
    return "a b/object";
  }

  @Override
  String root() {
    return proxy.endpoint().toString();
  }

  private static StoreOptions options() {
    return options(LIMITS);
  }

  private static StoreOptions options(RequestLimits limits) {
    return new StoreOptions(Optional.empty(), Optional.empty(), Identity.standard(), limits);
  }

  @Override
  ObjectStore open(URI endpoint, RequestLimits limits) {
    return ObjectStores.open(endpoint.toString(), options(limits));
  }

  static Stream<Arguments> transientFaults() {
    return withCommonFaults(
        Arguments.of("503", Fault.error(503, "SlowDown")),
        Arguments.of("408", Fault.error(408, "RequestTimeout")));
  }

  static Stream<Arguments> lastingFaults() {
    return transientFaults();
  }

  static Stream<Arguments> permanentErrors() {
    String code = "Injected";
    return Stream.of(
        Arguments.of(403, code, AccessDeniedException.class, "SOURCE_BEARER_TOKEN"),
        Arguments.of(401, code, AccessDeniedException.class, "the request was anonymous"),
        Arguments.of(404, code, NoSuchFileException.class, "no such object"),
        Arguments.of(410, code, NoSuchFileException.class, "no such object"),
        Arguments.of(400, code, UnreadableObjectException.class, "the server responded 400"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Request has expired",
        "ExpiredToken",
        "Signature not valid in the specified time frame"
      })
  void expiredSignaturesAreNamed(String text) {
    proxy.plan(request -> Fault.error(403, text));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(AccessDeniedException.class)
          .hasMessageContaining("the signature or token has expired: renew it");
    }
  }

  @ParameterizedTest
  @EnumSource(RangeServer.Validator.class)
  void allRangesAreOfOneVersion(RangeServer.Validator validator) throws Exception {
    server.validator(validator);
    byte[] other = Arrays.copyOf(OBJECT, OBJECT.length - 1);
    other[0] += 7;
    try (ObjectStore store = open();
        SparseObject object = store.open(List.of("a b/object")).get(0)) {
      store.fetch(List.of(object.plan(List.of(new ByteRange(1_000_000, 100)))));
      server.put("a b/object", other);
      RangePlan plan = object.plan(List.of(new ByteRange(5_000_000, 100)));
      assertThatThrownBy(() -> store.fetch(List.of(plan)))
          .isInstanceOf(ObjectChangedException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 20_000_000})
  void serverThatIgnoresRangesSendsTheObjectOnce(int length) throws Exception {
    byte[] bytes = Arrays.copyOf(OBJECT, length);
    server.put("whole", bytes);
    server.ranges(false);
    try (ObjectStore store = open();
        SparseObject object = store.open(List.of("whole")).get(0)) {
      assertThat(object.size()).isEqualTo(length);
      assertThat(object.heldBytes()).isEqualTo(length);
      byte[] got = new byte[length];
      object.bytes(0, length).get(got);
      assertThat(got).isEqualTo(bytes);
      assertThat(proxy.requests()).hasSize(length > ObjectStore.HEAD_BYTES ? 2 : 1);
      try (InputStream in = store.stream("whole")) {
        assertThat(in.readAllBytes()).isEqualTo(bytes);
      }
    }
  }

  @Test
  void serverThatIgnoresRangesIsRetriedFromTheStart() throws Exception {
    server.ranges(false);
    Set<String> met = ConcurrentHashMap.newKeySet();
    proxy.plan(
        request ->
            request.number() == 1 && met.add("cut") ? Fault.cutAfter(3_000_000) : Fault.NONE);
    try (ObjectStore store = open()) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
    }
  }

  @Test
  void redirectIsFollowedWithoutCredentials() throws Exception {
    try (RangeServer other = RangeServer.start()) {
      other.put("moved", OBJECT);
      server.redirect("a b/object", other.uri() + "/moved?signature=1");
      server.allow(request -> request.header("Authorization").equals("Bearer secret-token"));
      HttpRequests requests =
          new HttpRequests(
              HttpLocation.parse(server.uri().toString()),
              options(),
              Map.of("SOURCE_BEARER_TOKEN", "secret-token"));
      try (RangeStream in = new RangeStream(requests, "a b/object")) {
        assertThat(in.readAllBytes()).isEqualTo(OBJECT);
      }
      assertThat(other.requests())
          .isNotEmpty()
          .allMatch(request -> request.header("Authorization").isEmpty());
    }
  }

  @Test
  void endlessRedirectIsRejected() {
    server.redirect("a b/object", server.uri() + "/a%20b/object");
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(UnreadableObjectException.class)
          .hasMessageContaining("refused redirect 6");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SOURCE_BEARER_TOKEN, secret-token, Authorization, Bearer secret-token",
    "SOURCE_HEADER, X-Api-Key: abc, X-Api-Key, abc",
    "NETRC, , Authorization, Basic dXNlcjpwYXNz"
  })
  void credentialsComeFromTheEnvironment(
      String variable, String value, String header, String sent, @TempDir Path directory)
      throws Exception {
    Path netrc = directory.resolve("netrc");
    java.nio.file.Files.writeString(
        netrc, "machine other login x password y\nmachine localhost\n login user password pass\n");
    server.allow(request -> request.header(header).equals(sent));
    HttpRequests requests =
        new HttpRequests(
            HttpLocation.parse(server.uri().toString()),
            options(),
            Map.of(variable, value == null ? netrc.toString() : value));
    try (RangeStream in = new RangeStream(requests, "a b/object")) {
      assertThat(in.readNBytes(100)).isEqualTo(Arrays.copyOf(OBJECT, 100));
    }
    HttpRequests elsewhere =
        new HttpRequests(
            HttpLocation.parse(server.uri().toString()),
            options().withoutSourceCredentials(),
            Map.of(variable, value == null ? "/no/such/file" : value));
    assertThatThrownBy(() -> new RangeStream(elsewhere, "a b/object"))
        .isInstanceOf(AccessDeniedException.class);
  }

  @Test
  void signatureInAUrlIsSentButNotShown() throws Exception {
    String key = "a%20b/object?X-Signature=abc/def";
    try (ObjectStore store = open()) {
      store.open(List.of(key)).forEach(SparseObject::close);
      assertThat(proxy.requests().get(0).path()).isEqualTo("/" + key);
      assertThat(store.uri(key)).doesNotContain("abc");
      assertThatThrownBy(() -> store.open(List.of("none?X-Signature=abc")))
          .isInstanceOf(NoSuchFileException.class)
          .hasMessageNotContaining("abc");
    }
  }

  @Test
  void selfSignedCertificateIsTrustedIfGiven(@TempDir Path directory) throws Exception {
    try (RangeServer tls = RangeServer.startTls(directory)) {
      tls.put("a b/object", OBJECT);
      String uri = tls.uri().toString();
      StoreOptions trusting =
          options().withCertificates(Optional.of(directory.resolve("certificate.pem")));
      try (ObjectStore store = ObjectStores.open(uri, trusting)) {
        assertThat(fetch(store)).isEqualTo(OBJECT);
      }
      try (ObjectStore store = ObjectStores.open(uri, options())) {
        assertThatThrownBy(() -> fetch(store))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageContaining("certificate is not trusted")
            .hasMessageContaining("--ca-certificates");
        assertThat(store.traffic().retries()).isZero();
      }
    }
  }

  @Test
  void emptyObjectIsReported() throws Exception {
    server.put("hollow", new byte[0]);
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> store.open(List.of("hollow")))
          .isInstanceOf(UnreadableObjectException.class)
          .hasMessageContaining("the object is empty (0 bytes)");
      assertThat(store.read("hollow")).isEmpty();
      server.ranges(false);
      assertThatThrownBy(() -> store.open(List.of("hollow")))
          .isInstanceOf(UnreadableObjectException.class);
    }
  }

  @Test
  void existingObjectsAreFoundAndNothingIsWritten() throws Exception {
    try (ObjectStore store = open()) {
      assertThat(store.existing(List.of("a b/object", "none"))).containsExactly("a b/object");
      assertThatThrownBy(() -> store.put("x", "x".getBytes(StandardCharsets.UTF_8)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("a web server cannot be written");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a/%2e%2e/x", "a/%2E./x", "/x", "a/..%2fx"})
  void keyOutsideTheServersPathIsRejected(String key) {
    try (ObjectStore store = ObjectStores.open(proxy.endpoint() + "/base", options())) {
      assertThatThrownBy(() -> store.open(List.of(key)))
          .isInstanceOf(UnreadableObjectException.class)
          .hasMessageContaining("leads out of");
      assertThat(proxy.requests()).isEmpty();
    }
  }
}
