package dev.kiln.fetch;

import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/** Feeds a {@link RangeSink} from a response of the JDK's HTTP client. */
final class HttpRangeSink implements HttpResponse.BodySubscriber<Void> {
  private final RangeSink sink;
  private final Duration stallLimit;
  private final CompletableFuture<Void> body = new CompletableFuture<>();
  private volatile long lastBytes = System.nanoTime();

  private HttpRangeSink(RangeSink sink, Duration stallLimit) {
    this.sink = sink;
    this.stallLimit = stallLimit;
    sink.result().whenComplete((done, thrown) -> body.complete(null));
  }

  /**
   * Returns the subscriber for a response with a body for the sink.
   *
   * @param sink receives the body
   * @param status 206, or 200 if the server ignored the range
   * @param headers of the response
   * @param stallLimit the longest time without a byte
   */
  static HttpResponse.BodySubscriber<Void> of(
      RangeSink sink, int status, HttpHeaders headers, Duration stallLimit) {
    String version = version(headers);
    if (status == 206) {
      sink.begin(version, headers.firstValue("Content-Range").orElse(null));
    } else if (headers.firstValue("Content-Length").isEmpty()) {
      sink.fail(
          new RequestException(
              RequestException.Kind.REFUSED,
              "the server ignores Range and sends no Content-Length: use a server with ranges",
              null));
    } else {
      sink.beginWhole(version, headers.firstValueAsLong("Content-Length").orElse(0));
    }
    return new HttpRangeSink(sink, stallLimit);
  }

  /** Returns what changes whenever the object does: ETag, else modification time, else size. */
  static String version(HttpHeaders headers) {
    Optional<String> tag = headers.firstValue("ETag").or(() -> headers.firstValue("Last-Modified"));
    return tag.orElseGet(
        () -> {
          String range = headers.firstValue("Content-Range").orElse("");
          return range.isEmpty()
              ? headers.firstValue("Content-Length").orElse("unknown") + " bytes"
              : range.substring(range.indexOf('/') + 1) + " bytes";
        });
  }

  private void watch() {
    if (sink.result().isDone()) {
      return;
    }
    long left = stallLimit.toNanos() - (System.nanoTime() - lastBytes);
    if (left <= 0) {
      sink.fail(new HttpTimeoutException("no byte for " + stallLimit.toSeconds() + " s"));
      sink.close();
      return;
    }
    CompletableFuture.delayedExecutor(left, TimeUnit.NANOSECONDS).execute(this::watch);
  }

  @Override
  public CompletionStage<Void> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    if (sink.connect(subscription::cancel)) {
      watch();
      subscription.request(Long.MAX_VALUE);
    } else {
      body.complete(null);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    lastBytes = System.nanoTime();
    buffers.forEach(sink::accept);
  }

  @Override
  public void onError(Throwable thrown) {
    sink.fail(thrown);
    body.complete(null);
  }

  @Override
  public void onComplete() {
    sink.complete();
    body.complete(null);
  }
}
