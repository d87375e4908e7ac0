package dev.kiln.fetch;

import dev.kiln.fetch.RequestException.Kind;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends single requests to an HTTP service: authorized, redirected, and ended if they stall. */
final class HttpSender {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_ERROR_BYTES = 2048;
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final HttpService service;
  private final StoreOptions options;
  private final Duration stallLimit;
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
    this.stallLimit = options.limits().stallLimit();
    this.client = client(options);
  }

  /** Returns a client without redirects, with the certificates of the options. */
  static HttpClient client(StoreOptions options) {
    Duration stall = options.limits().stallLimit();
    return WebAccess.builder(options)
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(stall.compareTo(CONNECT_LIMIT) < 0 ? stall : CONNECT_LIMIT)
        .build();
  }

  /**
   * Sends one request and follows redirects. Credentials are sent to the service itself only.
   *
   * @param body returns the subscriber for a success; null for an error
   */
  <T> CompletableFuture<T> send(
      HttpCall call, Function<HttpResponse.ResponseInfo, HttpResponse.BodySubscriber<T>> body) {
    return send(call, 0, body);
  }

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
            .setHeader("Accept-Encoding", "identity")
            .setHeader("User-Agent", "kiln");
    signed.headers().forEach(builder::setHeader);
    StallWatch watch = new StallWatch(stallLimit);
    Optional<WatchedBody> upload = signed.body().map(bytes -> new WatchedBody(bytes, watch));
    if (upload.isPresent()) {
      builder.method(signed.method(), upload.get());
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
    upload.ifPresent(
        sending -> {
          watch.start(() -> result.completeExceptionally(stalled(stallLimit)));
          result.whenComplete(
              (done, thrown) -> {
                watch.end();
                sending.release();
              });
        });
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
            result.completeExceptionally(
                HttpErrors.of(
                    service,
                    new HttpService.Failure(
                        call.method(),
                        response.statusCode(),
                        response.headers(),
                        response.body().error())));
          }
        });
    return result;
  }

  /** Returns the error of a transfer in which no byte moved for a time. */
  static HttpTimeoutException stalled(Duration limit) {
    return new HttpTimeoutException("no byte for " + limit.toSeconds() + " s");
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
    Optional<String> refusal = WebAccess.refusedRedirect(from, to, options);
    if (refusal.isPresent()) {
      return CompletableFuture.failedFuture(
          new RequestException(Kind.REFUSED, refusal.get(), null));
    }
    log.debug("redirected: from={} to={}", service.uri(""), ObjectStores.redacted(to.toString()));
    return send(call.to(to), redirects + 1, body);
  }

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
