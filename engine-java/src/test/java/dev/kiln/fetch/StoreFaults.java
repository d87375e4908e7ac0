package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Reading from any store over HTTP: each fault of the connection or service ends in the same bytes,
 * or in an error that describes it. Subclasses provide a store, and static methods {@code
 * transientFaults}, {@code lastingFaults} and {@code permanentErrors}.
 */
@Timeout(60)
abstract class StoreFaults {
  /** One request for its head and three for its parts. */
  static final byte[] OBJECT = random(20_000_000, 1);

  static final RequestLimits LIMITS =
      new RequestLimits(4, 2, Duration.ofMillis(5), Duration.ofSeconds(20));

  /** Of tests whose server stalls; in others a busy machine must not look like a stall. */
  static final RequestLimits IMPATIENT =
      new RequestLimits(4, 2, Duration.ofMillis(5), Duration.ofSeconds(2));

  /** Stalls before the response and within it, in turn. */
  static final Fault STALL =
      link -> {
        if (link.request().number() % 2 == 0) {
          link.hang();
        }
        link.forward(30_000);
        link.hang();
      };

  private static final int PARTS = 3;

  FaultProxy proxy;

  /** Returns the port of a server that has {@link #OBJECT} under {@link #key}. */
  abstract int port() throws Exception;

  /** Returns the key of the object. */
  abstract String key();

  /** Returns the store's name in messages. */
  abstract String root();

  /** Opens the store of the server behind an endpoint. */
  abstract ObjectStore open(URI endpoint, RequestLimits limits);

  /** Each test has a proxy of its own, because a cancelled request can arrive after its test. */
  @BeforeEach
  void startProxy() throws Exception {
    proxy = new FaultProxy(port());
  }

  @AfterEach
  void stopProxy() throws IOException {
    proxy.close();
  }

  static byte[] random(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  final ObjectStore open() {
    return open(proxy.endpoint(), LIMITS);
  }

  final ObjectStore open(Fault fault) {
    return open(proxy.endpoint(), fault == STALL ? IMPATIENT : LIMITS);
  }

  /** Fetches the whole object in ranges, and returns its bytes. */
  final byte[] fetch(ObjectStore store) throws IOException, InterruptedException {
    return fetch(store, key());
  }

  static byte[] fetch(ObjectStore store, String key) throws IOException, InterruptedException {
    try (SparseObject object = store.open(List.of(key)).get(0)) {
      store.fetch(List.of(object.plan(List.of(new ByteRange(0, OBJECT.length)))));
      byte[] bytes = new byte[OBJECT.length];
      object.buffer().slice(0, bytes.length).get(bytes);
      return bytes;
    }
  }

  static boolean isHead(FaultProxy.Request request) {
    return request.header("range").startsWith("bytes=0-");
  }

  /** The retry of a part starts later and ends at the same byte. */
  static String end(String range) {
    return range.substring(range.indexOf('-'));
  }

  private static long begin(FaultProxy.Request request) {
    String range = request.header("range");
    return Long.parseLong(range.substring("bytes=".length(), range.indexOf('-')));
  }

  /** Faults that every store retries, and those of one store. */
  static Stream<Arguments> withCommonFaults(Arguments... more) {
    return Stream.concat(
        Stream.of(
            Arguments.of("500", Fault.error(500, "InternalError")),
            Arguments.of("503 without a reason", Fault.error(503, "")),
            Arguments.of("429", Fault.error(429, "TooManyRequests")),
            Arguments.of("reset before the response", Fault.RESET),
            Arguments.of("reset within the response", Fault.resetAfter(30_000)),
            Arguments.of("stall", STALL),
            Arguments.of("short response", Fault.cutAfter(30_000))),
        Stream.of(more));
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
    int faults = slow ? PARTS : 1 + PARTS;
    try (ObjectStore store = open(fault)) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(faults);
      assertThat(store.traffic().requests()).isEqualTo(1 + PARTS + faults);
      assertThat(proxy.requests()).hasSize(1 + PARTS + faults);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lastingFaults")
  void lastingFaultIsReported(String name, Fault fault) {
    proxy.plan(request -> isHead(request) ? Fault.NONE : fault);
    try (ObjectStore store = open(fault)) {
      assertLasting(name, store);
      // The head, and two attempts for each part; the first that fails cancels the others, perhaps
      // before they were sent.
      assertThat(proxy.requests()).hasSizeBetween(1 + 2, 1 + 2 * PARTS);
    }
  }

  /** Checks the error of a fault that does not end. */
  void assertLasting(String name, ObjectStore store) {
    assertThatThrownBy(() -> fetch(store))
        .isInstanceOf(UnavailableException.class)
        .hasMessageMatching(
            Pattern.quote(root() + "/" + key()) + ": (%s).*".formatted(lastingReasons()));
  }

  /** Returns the starts of the reasons of such an error, as a pattern. */
  String lastingReasons() {
    return "the server responded|connection failed: ";
  }

  @ParameterizedTest
  @MethodSource("permanentErrors")
  void permanentErrorIsNotRetriedAndNamesTheFix(
      int status, String code, Class<? extends Exception> error, String advice) {
    proxy.plan(request -> Fault.error(status, code));
    try (ObjectStore store = open()) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(error)
          .hasMessageStartingWith(
              error == ConfigurationException.class ? root() + ": " : root() + "/" + key() + ": ")
          .hasMessageContaining(advice);
      assertThat(proxy.requests()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void interruptedPartContinuesAtItsLastByte(boolean reset) throws Exception {
    int sent = 3_000_000;
    proxy.plan(
        request ->
            request.number() != 1
                ? Fault.NONE
                : reset ? Fault.resetAfter(sent) : Fault.cutAfter(sent));
    try (ObjectStore store = open()) {
      assertThat(fetch(store)).isEqualTo(OBJECT);
      assertThat(store.traffic().retries()).isEqualTo(1);
    }
    FaultProxy.Request broken = proxy.requests().get(1);
    long again =
        proxy.requests().stream()
            .filter(
                r -> r.number() > 1 && end(r.header("range")).equals(end(broken.header("range"))))
            .mapToLong(StoreFaults::begin)
            .findFirst()
            .orElseThrow();
    assertThat(again - begin(broken)).isBetween(1L, (long) sent);
  }

  @Test
  void serviceThatCannotBeReachedIsTransient() {
    try (ObjectStore store = open(URI.create("http://127.0.0.1:1"), LIMITS)) {
      assertThatThrownBy(() -> fetch(store))
          .isInstanceOf(UnavailableException.class)
          .hasMessageMatching(".*connection refused by (http://)?127.0.0.1:1\\b.*");
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
      while (proxy.requests().size() < PARTS) {
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
}
