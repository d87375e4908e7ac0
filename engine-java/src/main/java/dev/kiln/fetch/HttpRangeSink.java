package dev.kiln.fetch;

import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Feeds a {@link RangeSink} from a response of the JDK's HTTP client. */
final class HttpRangeSink implements HttpResponse.BodySubscriber<Void> {
  private static final Set<String> COMPRESSIONS =
      Set.of("gzip", "x-gzip", "deflate", "br", "zstd", "compress");

  private final RangeSink sink;
  private final Duration stallLimit;
  private final CompletableFuture<Void> body = new CompletableFuture<>();
  private final StallWatch watch;

  private HttpRangeSink(RangeSink sink, Duration stallLimit) {
    this.sink = sink;
    this.stallLimit = stallLimit;
    this.watch = new StallWatch(stallLimit);
    sink.result().whenComplete((done, thrown) -> body.complete(null));
  }

  /**
   * Returns the subscriber for a response with a body for the sink.
   *
   * @param sink receives the body
   * @param status 206, or 200 if the server ignored the range
   * @param headers of the response
   * @param stored whether the object itself is compressed, by its name, so that servers can state
   *     that as its encoding
   * @param stallLimit the longest time without a byte
   */
  static HttpResponse.BodySubscriber<Void> of(
      RangeSink sink, int status, HttpHeaders headers, boolean stored, Duration stallLimit) {
    String version = version(headers);
    String coding = headers.firstValue("Content-Encoding").orElse("").toLowerCase(Locale.ROOT);
    boolean encoded = COMPRESSIONS.contains(coding);
    if (encoded) {
      sink.encoded(coding);
    }
    if (status == 206) {
      sink.begin(version, headers.firstValue("Content-Range").orElse(null));
    } else if (headers.firstValue("x-goog-stored-content-encoding").orElse("").equals("gzip")) {
      sink.fail(
          new RequestException(
              RequestException.Kind.REFUSED,
              "the object is stored with Content-Encoding gzip, so the service ignores ranges:"
                  + " upload it again uncompressed",
              null));
    } else if (encoded && !stored) {
      sink.fail(RangeSink.compressed(coding));
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

  @Override
  public CompletionStage<Void> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    if (sink.connect(subscription::cancel)) {
      watch.start(
          () -> {
            sink.fail(HttpSender.stalled(stallLimit));
            sink.close();
          });
      sink.result().whenComplete((done, thrown) -> watch.end());
      subscription.request(Long.MAX_VALUE);
    } else {
      body.complete(null);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    watch.moved();
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
