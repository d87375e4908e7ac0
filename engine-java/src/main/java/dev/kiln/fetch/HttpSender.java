package dev.kiln.fetch;

import dev.kiln.fetch.RequestException.Kind;
import dev.kiln.http.HttpClient;
import dev.kiln.http.HttpRequest;
import dev.kiln.http.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends single requests to an HTTP service: authorized, redirected, and ended if they stall. */
final class HttpSender implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final int MAX_REDIRECTS = 5;
  static final int MAX_ERROR_BYTES = 2048;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final HttpService service;
  private final StoreOptions options;
  private final HttpClient client;

  /**
   * Creates a sender.
   *
   * @param service to send requests to
   * @param options limits and certificates
   */
  HttpSender(HttpService service, StoreOptions options) {
    this.service = service;
    this.options = options;
    this.client = WebAccess.client(options);
  }

  /**
   * The head of a response.
   *
   * @param status code
   * @param headers of the response
   * @param canceller ends the transfer
   */
  record Head(int status, HttpHeaders headers, Runnable canceller) {}

  /** Takes the body of a response. */
  interface Body<T> {
    /**
     * Takes the next bytes.
     *
     * @param bytes valid until the method returns
     */
    void accept(ByteBuffer bytes);

    /** Reads the next bytes itself, as {@link HttpResponse#receive}. */
    default int receive(ReadableByteChannel source, int limit) throws IOException {
      return HttpResponse.NO_MEMORY;
    }

    /** Returns what was sent, once all bytes have arrived. */
    T end();
  }

  /** A body that is kept in memory, up to a limit. */
  static final class Bytes implements Body<byte[]> {
    private final int limit;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    Bytes(int limit) {
      this.limit = limit;
    }

    @Override
    public void accept(ByteBuffer bytes) {
      byte[] next = new byte[Math.min(bytes.remaining(), limit - kept.size())];
      bytes.get(next);
      kept.writeBytes(next);
    }

    @Override
    public byte[] end() {
      return kept.toByteArray();
    }
  }

  /**
   * Sends one request and follows redirects. Credentials are sent to the service itself only.
   *
   * @param body returns what takes the body of a success; null for an error
   */
  <T> CompletableFuture<T> send(HttpCall call, Function<Head, Body<T>> body) {
    return send(call, 0, body);
  }

  private <T> CompletableFuture<T> send(
      HttpCall call, int redirects, Function<Head, Body<T>> body) {
    HttpCall signed;
    try {
      signed = service.owns(call.url()) ? service.authorize(call) : call;
    } catch (RequestException e) {
      return CompletableFuture.failedFuture(e);
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    Response<T> response = new Response<>(body, () -> result.cancel(true));
    CompletableFuture<Void> sent = client.send(request(signed), response);
    result.whenComplete(
        (done, thrown) -> {
          if (result.isCancelled()) {
            sent.cancel(true);
          }
        });
    sent.whenComplete(
        (done, thrown) -> {
          if (thrown != null) {
            result.completeExceptionally(thrown);
          } else if (response.success != null) {
            result.complete(response.success.end());
          } else if (REDIRECTS.contains(response.head.status())
              && response.head.headers().firstValue("Location").isPresent()) {
            redirect(call, response.head.headers(), redirects, body)
                .whenComplete(
                    (value, failed) -> {
                      if (failed == null) {
                        result.complete(value);
                      } else {
                        result.completeExceptionally(failed);
                      }
                    });
          } else {
            result.completeExceptionally(
                HttpErrors.of(
                    service,
                    new HttpService.Failure(
                        call.method(),
                        response.head.status(),
                        response.head.headers(),
                        new String(response.error.end(), StandardCharsets.UTF_8))));
          }
        });
    return result;
  }

  private static HttpRequest request(HttpCall call) {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    // Encodings would change the bytes that ranges count.
    headers.put("Accept-Encoding", List.of("identity"));
    headers.put("User-Agent", List.of("kiln"));
    call.headers().forEach((name, value) -> headers.put(name, List.of(value)));
    return new HttpRequest(
        call.method(), call.url(), headers, call.body().map(List::of).orElse(List.of()));
  }

  private <T> CompletableFuture<T> redirect(
      HttpCall call, HttpHeaders headers, int redirects, Function<Head, Body<T>> body) {
    URI from = call.url();
    String target = headers.firstValue("Location").orElse("");
    URI to;
    try {
      to = from.resolve(target);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.failedFuture(
          new RequestException(Kind.REFUSED, "redirect to an invalid URL", e));
    }
    boolean secure = "https".equals(to.getScheme());
    boolean downgrade = "https".equals(from.getScheme()) && !secure;
    if (target.isEmpty()
        || redirects >= MAX_REDIRECTS
        || downgrade
        || call.body().isPresent()
        || !secure && !"http".equals(to.getScheme())) {
      return CompletableFuture.failedFuture(
          new RequestException(
              Kind.REFUSED,
              downgrade
                  ? "refused a redirect from https to " + to.getScheme()
                  : "refused redirect "
                      + (redirects + 1)
                      + " to '"
                      + ObjectStores.redacted(target)
                      + "'",
              null));
    }
    Optional<String> refusal = WebAccess.refusedRedirect(from, to, options);
    if (refusal.isPresent()) {
      return CompletableFuture.failedFuture(
          new RequestException(Kind.REFUSED, refusal.get(), null));
    }
    log.debug("redirected: from={} to={}", service.uri(""), ObjectStores.redacted(to.toString()));
    return send(call.to(to), redirects + 1, body);
  }

  @Override
  public void close() {
    client.close();
  }

  /** A response that is a success, or an error whose beginning is kept. */
  private static final class Response<T> implements HttpResponse {
    private final Function<Head, Body<T>> body;
    private final Runnable canceller;
    private final Bytes error = new Bytes(MAX_ERROR_BYTES);
    private Head head;
    private Body<T> success;

    Response(Function<Head, Body<T>> body, Runnable canceller) {
      this.body = body;
      this.canceller = canceller;
    }

    @Override
    public void begin(int status, HttpHeaders headers) {
      head = new Head(status, headers, canceller);
      success = body.apply(head);
    }

    @Override
    public void accept(ByteBuffer bytes) {
      if (success != null) {
        success.accept(bytes);
      } else {
        error.accept(bytes);
      }
    }

    @Override
    public int receive(ReadableByteChannel source, int limit) throws IOException {
      return success == null ? NO_MEMORY : success.receive(source, limit);
    }
  }
}
