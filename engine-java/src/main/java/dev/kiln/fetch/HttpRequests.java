package dev.kiln.fetch;

import dev.kiln.fetch.RequestException.Kind;
import dev.kiln.memory.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.zip.GZIPInputStream;

/** The requests to one HTTP service: authorized, redirected, counted and retried. */
final class HttpRequests implements RangeRequests, AutoCloseable {
  /**
   * A successful response to a request without a range.
   *
   * @param headers of the response
   * @param body whole
   */
  record Success(HttpHeaders headers, byte[] body) {}

  private static final int MAX_WHOLE_BYTES = Integer.MAX_VALUE - 8;

  private final HttpService service;
  private final Traffic traffic = new Traffic();
  private final Retries retries;
  private final HttpSender sender;

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
    this.retries =
        new Retries(
            options.limits().retryPolicy(),
            traffic,
            thrown -> HttpErrors.of(thrown, HttpLocation.origin(service.url("").toString())),
            service::renew);
    this.sender = new HttpSender(service, options);
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
    CompletableFuture<Void> sent =
        sender.send(
            call,
            head ->
                head.status() == 206 || head.status() == 200
                    ? HttpRangeSink.of(sink, head, key.endsWith(".gz"))
                    : null);
    sent.whenComplete(
        (done, thrown) -> {
          if (thrown != null) {
            sink.fail(thrown);
          }
        });
    CompletableFuture<RangeSink> result = sink.result();
    result.whenComplete(
        (done, thrown) -> {
          if (result.isCancelled()) {
            sent.cancel(true);
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
              return sender
                  .send(
                      HttpCall.of("HEAD", url),
                      response -> response.status() == 200 ? new HttpSender.Bytes(0) : null)
                  .thenApply(none -> true);
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
    return retries.run(what, () -> whole(call));
  }

  /**
   * Starts a request whose response is text, which the service may compress, with retries.
   *
   * @param what it requests, for the log
   * @param call the request
   * @return fails with {@link RequestException}
   */
  CompletableFuture<Success> requestText(String what, HttpCall call) {
    // Google compresses only for clients whose name contains "gzip".
    HttpCall compressed = call.with("Accept-Encoding", "gzip").with("User-Agent", "kiln (gzip)");
    return retries.run(what, () -> whole(compressed).thenCompose(HttpRequests::unpacked));
  }

  private static CompletableFuture<Success> unpacked(Success sent) {
    if (!sent.headers().firstValue("Content-Encoding").orElse("").equalsIgnoreCase("gzip")) {
      return CompletableFuture.completedFuture(sent);
    }
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(sent.body()))) {
      return CompletableFuture.completedFuture(new Success(sent.headers(), in.readAllBytes()));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Returns an object that was uploaded.
   *
   * @param what the request is for, for the log
   * @param url of the object
   * @return empty if there is no such object
   */
  Optional<PartsInFlight.Stored> stored(String what, URI url)
      throws RequestException, InterruptedException {
    try {
      HttpHeaders head =
          Requests.await(request(what + ": head", HttpCall.of("HEAD", url))).headers();
      return Optional.of(
          new PartsInFlight.Stored(
              head.firstValueAsLong("Content-Length").orElse(-1),
              head.firstValue("Last-Modified")
                  .flatMap(PartsInFlight::parse)
                  .orElse(Instant.EPOCH)));
    } catch (RequestException e) {
      if (e.kind() == Kind.MISSING) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private CompletableFuture<Success> whole(HttpCall call) {
    return sender.send(call, head -> head.status() / 100 == 2 ? new Whole(head.headers()) : null);
  }

  /** A success that is read whole. */
  private static final class Whole implements HttpSender.Body<Success> {
    private final HttpHeaders headers;
    private final HttpSender.Bytes bytes = new HttpSender.Bytes(MAX_WHOLE_BYTES);

    Whole(HttpHeaders headers) {
      this.headers = headers;
    }

    @Override
    public void accept(ByteBuffer next) {
      bytes.accept(next);
    }

    @Override
    public Success end() {
      return new Success(headers, bytes.end());
    }
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
            whole(call)
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

  @Override
  public void close() {
    sender.close();
  }
}
