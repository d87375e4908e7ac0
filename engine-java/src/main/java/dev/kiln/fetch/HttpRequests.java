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
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests to one web server: authorized, redirected, counted and retried. */
final class HttpRequests implements RangeRequests, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_ERROR_BYTES = 2048;
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> TRANSIENT = Set.of(408, 421, 425, 429);

  private final HttpLocation location;
  private final Optional<HttpCredentials> credentials;
  private final Duration stallLimit;
  private final Traffic traffic = new Traffic();
  private final Retries retries;
  private final HttpClient client;

  /**
   * Creates the client.
   *
   * @param location of the server
   * @param options limits, certificates and whether it is the source
   */
  HttpRequests(HttpLocation location, StoreOptions options) {
    this(location, options, System.getenv());
  }

  /**
   * Creates the client for a given environment.
   *
   * @param environment with the credentials
   */
  HttpRequests(HttpLocation location, StoreOptions options, Map<String, String> environment) {
    this.location = location;
    this.credentials =
        HttpCredentials.find(location.host(), options.sendsCredentials(), environment);
    this.stallLimit = options.limits().stallLimit();
    this.retries = new Retries(options.limits().retryPolicy(), traffic, this::map, () -> {});
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(stallLimit.compareTo(CONNECT_LIMIT) < 0 ? stallLimit : CONNECT_LIMIT);
    options.certificates().ifPresent(file -> builder.sslContext(TrustedCertificates.context(file)));
    this.client = builder.build();
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
    return ObjectStores.redacted(location.base() + key);
  }

  /** Returns whether requests carry no credentials. */
  boolean isAnonymous() {
    return credentials.isEmpty();
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
    URI url;
    try {
      url = location.url(key);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.failedFuture(
          new RequestException(Kind.REFUSED, "invalid URL: " + e.getMessage(), e));
    }
    send(
            url,
            0,
            builder -> {
              builder.header("Range", "bytes=" + range.offset() + "-" + (range.end() - 1));
              // A weak tag never matches; the response's own is compared instead.
              version
                  .filter(tag -> tag.startsWith("\""))
                  .ifPresent(tag -> builder.header("If-Match", tag));
              return builder;
            },
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

  /**
   * Returns whether an object exists.
   *
   * @param key of the object
   */
  boolean exists(String key) throws RequestException, InterruptedException {
    try {
      Requests.await(
          retries.run(
              uri(key) + ": head",
              () ->
                  send(
                      location.url(key),
                      0,
                      builder -> builder.method("HEAD", HttpRequest.BodyPublishers.noBody()),
                      head ->
                          head.statusCode() == 200
                              ? HttpResponse.BodySubscribers.replacing(null)
                              : null)));
      return true;
    } catch (RequestException e) {
      if (e.kind() == Kind.MISSING) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Sends one request and follows redirects. Credentials are sent to the server's own origin only.
   *
   * @param decorate adds method and headers
   * @param body returns the subscriber for a success; null for an error
   */
  private CompletableFuture<Void> send(
      URI url,
      int redirects,
      Function<HttpRequest.Builder, HttpRequest.Builder> decorate,
      Function<HttpResponse.ResponseInfo, HttpResponse.BodySubscriber<Void>> body) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(url)
            .timeout(stallLimit)
            // Encodings would change the bytes that ranges count.
            .header("Accept-Encoding", "identity")
            .header("User-Agent", "kiln");
    if (HttpLocation.origin(url.toString()).equals(HttpLocation.origin(location.base()))) {
      credentials.ifPresent(header -> builder.header(header.name(), header.value()));
    }
    CompletableFuture<Void> result = new CompletableFuture<>();
    CompletableFuture<HttpResponse<ErrorBody>> sent =
        client.sendAsync(
            decorate.apply(builder).build(),
            info -> {
              HttpResponse.BodySubscriber<Void> success = body.apply(info);
              return success != null
                  ? HttpResponse.BodySubscribers.mapping(success, nothing -> ErrorBody.NONE)
                  : ErrorBody.subscriber(MAX_ERROR_BYTES);
            });
    result.whenComplete(
        (done, thrown) -> {
          if (result.isCancelled()) {
            sent.cancel(true);
          }
        });
    sent.whenComplete(
        (response, thrown) -> {
          if (thrown != null) {
            result.completeExceptionally(thrown);
          } else if (response.body() == ErrorBody.NONE) {
            result.complete(null);
          } else if (REDIRECTS.contains(response.statusCode())) {
            redirect(url, response.headers(), redirects, decorate, body)
                .whenComplete(
                    (done, failed) -> {
                      if (failed == null) {
                        result.complete(null);
                      } else {
                        result.completeExceptionally(failed);
                      }
                    });
          } else {
            result.completeExceptionally(error(response));
          }
        });
    return result;
  }

  private CompletableFuture<Void> redirect(
      URI from,
      HttpHeaders headers,
      int redirects,
      Function<HttpRequest.Builder, HttpRequest.Builder> decorate,
      Function<HttpResponse.ResponseInfo, HttpResponse.BodySubscriber<Void>> body) {
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
        || !secure && !"http".equals(to.getScheme())) {
      return CompletableFuture.failedFuture(
          new RequestException(
              Kind.REFUSED,
              downgrade
                  ? "refused a redirect from https to " + to.getScheme()
                  : "refused redirect " + (redirects + 1) + " to '" + target + "'",
              null));
    }
    log.debug("{}: redirected to {}", location.base(), ObjectStores.redacted(to.toString()));
    return send(to, redirects + 1, decorate, body);
  }

  private RequestException error(HttpResponse<ErrorBody> response) {
    int status = response.statusCode();
    String text = response.body().text();
    String found = "the server responded " + status + (text.isEmpty() ? "" : ": " + text);
    if (status >= 500 || TRANSIENT.contains(status)) {
      return new RequestException(
          Kind.TRANSIENT,
          found,
          null,
          response.headers().firstValue("Retry-After").flatMap(RetryPolicy::parseRetryAfter));
    }
    boolean expired = text.toLowerCase(Locale.ROOT).matches(".*(expired|signed expiry time).*");
    return switch (status) {
      case 401, 403 ->
          new RequestException(
              Kind.DENIED,
              expired
                  ? found + ": the signature or token has expired: renew it"
                  : found
                      + (credentials.isEmpty()
                          ? ": the request was anonymous; set SOURCE_BEARER_TOKEN, SOURCE_HEADER or"
                              + " an entry in ~/.netrc"
                          : ": the credentials do not permit it"),
              null);
      case 404, 410 ->
          new RequestException(
              Kind.MISSING, "no such object on " + HttpLocation.origin(location.base()), null);
      case 412 -> new RequestException(Kind.CHANGED, "the object changed while it was read", null);
      case 416 -> new RequestException(Kind.NO_SUCH_RANGE, "the object is empty (0 bytes)", null);
      default -> new RequestException(Kind.REFUSED, found, null);
    };
  }

  private RequestException map(Throwable thrown) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof RequestException failure) {
      return failure;
    }
    for (Throwable e = cause; e != null; e = e.getCause()) {
      if (e instanceof CertificateException || e instanceof CertPathBuilderException) {
        return new RequestException(
            Kind.CONFIGURATION,
            "the server's certificate is not trusted ("
                + e.getMessage()
                + "): give its authority with --ca-certificates FILE",
            cause);
      }
    }
    if (cause instanceof IOException) {
      return new RequestException(Kind.TRANSIENT, connection(cause), cause);
    }
    throw cause instanceof RuntimeException bug ? bug : new IllegalStateException(cause);
  }

  /** Returns the reason of a failed connection, with the peer where it was never reached. */
  private String connection(Throwable cause) {
    String host = HttpLocation.origin(location.base());
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
   * The beginning of an error's body, in one line.
   *
   * @param text without markup
   */
  private record ErrorBody(String text) {
    static final ErrorBody NONE = new ErrorBody("");

    static HttpResponse.BodySubscriber<ErrorBody> subscriber(int limit) {
      return HttpResponse.BodySubscribers.mapping(
          HttpResponse.BodySubscribers.ofByteArray(),
          bytes -> {
            String text =
                new String(bytes, 0, Math.min(limit, bytes.length), StandardCharsets.UTF_8);
            String line = text.replaceAll("<[^>]*>", " ").replaceAll("\\s+", " ").strip();
            return new ErrorBody(line.substring(0, Math.min(line.length(), 200)));
          });
    }
  }
}
