package dev.kiln.fetch;

import dev.kiln.error.RetryPolicy;
import dev.kiln.fetch.RequestException.Kind;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests to one HTTP service: authorized, redirected, counted and retried. */
final class HttpRequests implements RangeRequests, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_ERROR_BYTES = 2048;
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> TRANSIENT = Set.of(408, 421, 425, 429);

  /**
   * A successful response to a request without a range.
   *
   * @param headers of the response
   * @param body whole
   */
  record Success(HttpHeaders headers, byte[] body) {}

  private final HttpService service;
  private final Duration stallLimit;
  private final Traffic traffic = new Traffic();
  private final Retries retries;
  private final HttpClient client;

  /**
   * Creates the client of a web server.
   *
   * @param location of the server
   * @param options limits, certificates and whether it is the source
   */
  HttpRequests(HttpLocation location, StoreOptions options) {
    this(location, options, options.cloud().environment());
  }

  /**
   * Creates the client of a web server for a given environment.
   *
   * @param environment with the credentials
   */
  HttpRequests(HttpLocation location, StoreOptions options, Map<String, String> environment) {
    this(
        new WebService(
            location,
            HttpCredentials.find(location.host(), options.sendsCredentials(), environment)),
        options);
  }

  /**
   * Creates the client of a service.
   *
   * @param service to send requests to
   * @param options limits and certificates
   */
  HttpRequests(HttpService service, StoreOptions options) {
    this.service = service;
    this.stallLimit = options.limits().stallLimit();
    this.retries =
        new Retries(
            options.limits().retryPolicy(),
            traffic,
            thrown -> map(thrown, HttpLocation.origin(service.url("").toString())),
            service::renew);
    this.client = client(options);
  }

  /** Returns a client without redirects, with the certificates of the options. */
  static HttpClient client(StoreOptions options) {
    Duration stall = options.limits().stallLimit();
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(stall.compareTo(CONNECT_LIMIT) < 0 ? stall : CONNECT_LIMIT);
    options.certificates().ifPresent(file -> builder.sslContext(TrustedCertificates.context(file)));
    return builder.build();
  }

  @Override
  public Traffic traffic() {
    return traffic;
  }

  /** Other than S3, web servers may ignore ranges; objects are read whole then. */
  @Override
  public boolean servesRanges() {
    return true;
  }

  @Override
  public String uri(String key) {
    return service.uri(key);
  }

  /** Returns whether requests carry no credentials. */
  boolean isAnonymous() {
    return service.isAnonymous();
  }

  @Override
  public CompletableFuture<RangeSink> range(
      String key, ByteRange range, Optional<String> version, ByteBuffer target) {
    return retries.run(
        uri(key) + ": bytes " + range.offset() + " to " + range.end(),
        () -> get(key, range, new RangeSink(range, version, target, traffic), version));
  }

  @Override
  public CompletableFuture<RangeSink> part(String key, ObjectPart part) {
    return retries.run(
        uri(key) + ": " + part,
        () -> part.attempt((range, sink) -> get(key, range, sink, Optional.of(part.version()))));
  }

  private CompletableFuture<RangeSink> get(
      String key, ByteRange range, RangeSink sink, Optional<String> version) {
    HttpCall call;
    try {
      call =
          HttpCall.of("GET", service.url(key))
              .with("Range", "bytes=" + range.offset() + "-" + (range.end() - 1));
    } catch (IllegalArgumentException e) {
      return CompletableFuture.failedFuture(invalid(e));
    }
    // A weak tag never matches; the response's own is compared instead.
    if (version.isPresent() && version.get().startsWith("\"")) {
      call = call.with("If-Match", version.get());
    }
    this.<Void>send(
            call,
            0,
            head ->
                head.statusCode() == 206 || head.statusCode() == 200
                    ? HttpRangeSink.of(sink, head.statusCode(), head.headers(), stallLimit)
                    : null)
        .whenComplete(
            (done, thrown) -> {
              if (thrown != null) {
                sink.fail(thrown);
              }
            });
    CompletableFuture<RangeSink> result = sink.result();
    result.whenComplete(
        (done, thrown) -> {
          if (result.isCancelled()) {
            sink.close();
          }
        });
    return result;
  }

  private static RequestException invalid(IllegalArgumentException e) {
    return new RequestException(Kind.REFUSED, "invalid URL: " + e.getMessage(), e);
  }

  /**
   * Returns whether an object exists.
   *
   * @param key of the object
   */
  boolean exists(String key) throws RequestException, InterruptedException {
    return Requests.await(queryExists(key));
  }

  /**
   * Starts to query whether an object exists.
   *
   * @param key of the object
   * @return fails with {@link RequestException}
   */
  CompletableFuture<Boolean> queryExists(String key) {
    CompletableFuture<Boolean> head =
        retries.run(
            uri(key) + ": head",
            () -> {
              URI url;
              try {
                url = service.url(key);
              } catch (IllegalArgumentException e) {
                return CompletableFuture.failedFuture(invalid(e));
              }
              return send(
                  HttpCall.of("HEAD", url),
                  0,
                  response ->
                      response.statusCode() == 200
                          ? HttpResponse.BodySubscribers.replacing(true)
                          : null);
            });
    CompletableFuture<Boolean> result =
        head.handle(
            (found, thrown) -> {
              if (thrown instanceof RequestException failed && failed.kind() == Kind.MISSING) {
                return false;
              }
              if (thrown != null) {
                throw thrown instanceof CompletionException wrapped
                    ? wrapped
                    : new CompletionException(thrown);
              }
              return found;
            });
    result.whenComplete(
        (found, thrown) -> {
          if (result.isCancelled()) {
            head.cancel(true);
          }
        });
    return result;
  }

  /**
   * Starts a request whose response is read whole, with retries.
   *
   * @param what it requests, for the log
   * @param call the request
   * @return fails with {@link RequestException}
   */
  CompletableFuture<Success> request(String what, HttpCall call) {
    return retries.run(
        what,
        () ->
            send(
                call,
                0,
                head ->
                    head.statusCode() / 100 == 2
                        ? HttpResponse.BodySubscribers.mapping(
                            HttpResponse.BodySubscribers.ofByteArray(),
                            body -> new Success(head.headers(), body))
                        : null));
  }

  /**
   * Starts a request that writes, with retries. Some services and proxies report an error with
   * status 200; without a confirmation the request is repeated.
   *
   * @param what it writes, for the log
   * @param call the request
   * @param confirmation name of a header that every success has
   * @return fails with {@link RequestException}
   */
  CompletableFuture<Success> write(String what, HttpCall call, String confirmation) {
    return retries.run(
        what,
        () ->
            this.<Success>send(
                    call,
                    0,
                    head ->
                        head.statusCode() / 100 == 2
                            ? HttpResponse.BodySubscribers.mapping(
                                HttpResponse.BodySubscribers.ofByteArray(),
                                body -> new Success(head.headers(), body))
                            : null)
                .thenCompose(
                    done ->
                        done.headers().firstValue(confirmation).orElse("").isEmpty()
                            ? CompletableFuture.failedFuture(
                                new RequestException(
                                    Kind.TRANSIENT,
                                    "the service did not confirm the write: expected header "
                                        + confirmation
                                        + ", found a success without it",
                                    null))
                            : CompletableFuture.completedFuture(done)));
  }

  /**
   * Sends one request and follows redirects. Credentials are sent to the service itself only.
   *
   * @param body returns the subscriber for a success; null for an error
   */
  private <T> CompletableFuture<T> send(
      HttpCall call,
      int redirects,
      Function<HttpResponse.ResponseInfo, HttpResponse.BodySubscriber<T>> body) {
    HttpCall signed;
    try {
      signed = service.owns(call.url()) ? service.authorize(call) : call;
    } catch (RequestException e) {
      return CompletableFuture.failedFuture(e);
    }
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(signed.url())
            // Encodings would change the bytes that ranges count.
            .header("Accept-Encoding", service.encodings())
            .header("User-Agent", "kiln");
    signed.headers().forEach(builder::header);
    Optional<WatchedBody> sending = signed.body().map(WatchedBody::new);
    if (sending.isPresent()) {
      builder.method(signed.method(), sending.get());
    } else {
      builder.method(signed.method(), HttpRequest.BodyPublishers.noBody()).timeout(stallLimit);
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    CompletableFuture<HttpResponse<Body<T>>> sent =
        client.sendAsync(
            builder.build(),
            info -> {
              HttpResponse.BodySubscriber<T> success = body.apply(info);
              return success != null
                  ? HttpResponse.BodySubscribers.mapping(
                      success, value -> new Body<>(Optional.ofNullable(value), null))
                  : Body.error(MAX_ERROR_BYTES);
            });
    result.whenComplete(
        (done, thrown) -> {
          if (result.isCancelled() || thrown instanceof HttpTimeoutException) {
            sent.cancel(true);
          }
        });
    sending.ifPresent(upload -> watch(upload, result));
    sent.whenComplete(
        (response, thrown) -> {
          if (thrown != null) {
            result.completeExceptionally(thrown);
          } else if (response.body().error() == null) {
            result.complete(response.body().value().orElse(null));
          } else if (REDIRECTS.contains(response.statusCode())
              && response.headers().firstValue("Location").isPresent()) {
            redirect(call, response.headers(), redirects, body)
                .whenComplete(
                    (done, failed) -> {
                      if (failed == null) {
                        result.complete(done);
                      } else {
                        result.completeExceptionally(failed);
                      }
                    });
          } else {
            result.completeExceptionally(error(call, response));
          }
        });
    return result;
  }

  /** Ends an upload that the connection takes no bytes of. */
  private void watch(WatchedBody upload, CompletableFuture<?> result) {
    long left = stallLimit.toNanos() - (System.nanoTime() - upload.lastTaken());
    CompletableFuture.delayedExecutor(Math.max(left, 1_000_000), TimeUnit.NANOSECONDS)
        .execute(
            () -> {
              if (result.isDone()) {
                return;
              }
              if (System.nanoTime() - upload.lastTaken() >= stallLimit.toNanos()) {
                result.completeExceptionally(
                    new HttpTimeoutException("no byte for " + stallLimit.toSeconds() + " s"));
              } else {
                watch(upload, result);
              }
            });
  }

  private <T> CompletableFuture<T> redirect(
      HttpCall call,
      HttpHeaders headers,
      int redirects,
      Function<HttpResponse.ResponseInfo, HttpResponse.BodySubscriber<T>> body) {
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
    log.debug("{}: redirected to {}", service.uri(""), ObjectStores.redacted(to.toString()));
    return send(call.to(to), redirects + 1, body);
  }

  private RequestException error(HttpCall call, HttpResponse<? extends Body<?>> response) {
    int status = response.statusCode();
    HttpService.Failure failure =
        new HttpService.Failure(call.method(), status, response.headers(), response.body().error());
    String text = failure.text();
    String found = "the server responded " + status + (text.isEmpty() ? "" : ": " + text);
    if (status >= 500 || TRANSIENT.contains(status)) {
      return new RequestException(
          Kind.TRANSIENT,
          found,
          null,
          response.headers().firstValue("Retry-After").flatMap(RetryPolicy::parseRetryAfter));
    }
    return service
        .error(failure)
        .orElseGet(
            () ->
                switch (status) {
                  case 401, 403 -> new RequestException(Kind.DENIED, found, null);
                  case 404, 410 -> new RequestException(Kind.MISSING, "no such object", null);
                  case 412 ->
                      new RequestException(
                          Kind.CHANGED, "the object changed while it was read", null);
                  case 416 ->
                      new RequestException(
                          Kind.NO_SUCH_RANGE, "the object is empty (0 bytes)", null);
                  default -> new RequestException(Kind.REFUSED, found, null);
                });
  }

  /**
   * Maps the failure of a request.
   *
   * @param thrown by the client
   * @param host that was requested, for messages
   * @throws RuntimeException {@code thrown} itself, if it is a bug
   */
  static RequestException map(Throwable thrown, String host) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof RequestException failure) {
      return failure;
    }
    Optional<String> untrusted = WebAccess.untrusted(cause);
    if (untrusted.isPresent()) {
      return new RequestException(Kind.CONFIGURATION, untrusted.get(), cause);
    }
    if (cause instanceof IOException) {
      return new RequestException(Kind.TRANSIENT, connection(cause, host), cause);
    }
    throw cause instanceof RuntimeException bug ? bug : new IllegalStateException(cause);
  }

  /** Returns the reason of a failed connection, with the peer where it was never reached. */
  private static String connection(Throwable cause, String host) {
    if (cause instanceof HttpConnectTimeoutException) {
      return "no connection to " + host + " in time";
    }
    if (cause instanceof ConnectException) {
      return cause.getCause() instanceof UnresolvedAddressException
              || cause.getCause() != null
                  && cause.getCause().getCause() instanceof UnresolvedAddressException
          ? "cannot resolve the host name of " + host
          : "connection refused by " + host;
    }
    return "connection failed: "
        + (cause.getMessage() == null ? cause.toString() : cause.getMessage());
  }

  /** The client's threads end with it; connections are closed when idle. */
  @Override
  public void close() {}

  /**
   * The body of a success or of an error.
   *
   * @param value of a success
   * @param error beginning of an error's text; null for a success
   */
  private record Body<T>(Optional<T> value, String error) {
    static <T> HttpResponse.BodySubscriber<Body<T>> error(int limit) {
      return HttpResponse.BodySubscribers.mapping(
          HttpResponse.BodySubscribers.ofByteArray(),
          bytes ->
              new Body<>(
                  Optional.empty(),
                  new String(bytes, 0, Math.min(limit, bytes.length), StandardCharsets.UTF_8)));
    }
  }
}
