package dev.kiln.fetch;

import dev.kiln.error.Mismatch;
import dev.kiln.fetch.RequestException.Kind;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * Writes the body of one ranged response into memory as it arrives, after checking that the service
 * sends the requested range. The memory is borrowed: nothing is written after {@link #close}.
 */
final class RangeSink
    implements AsyncResponseTransformer<GetObjectResponse, RangeSink>, Subscriber<ByteBuffer> {
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+)");

  private final ByteRange range;
  private final Optional<String> version;
  private final ByteBuffer target;
  private final Traffic traffic;
  private final CompletableFuture<RangeSink> result = new CompletableFuture<>();
  private Subscription subscription;
  private boolean closed;
  private String etag;
  private long objectSize;
  private long expected;
  private int received;

  /**
   * Creates a sink.
   *
   * @param range that is requested; the object may end within it
   * @param version that the object must have; empty for any
   * @param target room for the range; its position is not moved
   * @param traffic counts the bytes as they arrive
   */
  RangeSink(ByteRange range, Optional<String> version, ByteBuffer target, Traffic traffic) {
    this.range = range;
    this.version = version;
    this.target = target.slice();
    this.traffic = traffic;
  }

  /** Returns the version of the object that is sent. */
  String etag() {
    return etag;
  }

  /** Returns the size of the whole object in bytes. */
  long objectSize() {
    return objectSize;
  }

  /** Returns the number of bytes that have arrived, also after a failure. */
  synchronized int received() {
    return received;
  }

  /** Stops writing. */
  synchronized void close() {
    closed = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }

  @Override
  public CompletableFuture<RangeSink> prepare() {
    return result;
  }

  @Override
  public void onResponse(GetObjectResponse response) {
    try {
      check(response);
    } catch (RequestException e) {
      result.completeExceptionally(e);
    }
  }

  private void check(GetObjectResponse response) throws RequestException {
    etag = response.eTag();
    String sent = response.contentRange();
    Matcher matcher = CONTENT_RANGE.matcher(sent == null ? "" : sent);
    if (!matcher.matches() || etag == null) {
      throw new RequestException(
          Kind.CONFIGURATION,
          "the service does not serve ranges: "
              + Mismatch.of("Content-Range and ETag", sent + " and " + etag),
          null);
    }
    if (version.isPresent() && !version.get().equals(etag)) {
      throw new RequestException(Kind.CHANGED, "the object changed while it was read", null);
    }
    long begin = Long.parseLong(matcher.group(1));
    objectSize = Long.parseLong(matcher.group(3));
    expected = Long.parseLong(matcher.group(2)) + 1 - begin;
    if (begin != range.offset() || expected != Math.min(range.length(), objectSize - begin)) {
      throw new RequestException(
          Kind.TRANSIENT,
          Mismatch.of(
              "Content-Range",
              "bytes %d-%d".formatted(range.offset(), range.offset() + range.length() - 1),
              sent),
          null);
    }
  }

  @Override
  public void onStream(SdkPublisher<ByteBuffer> publisher) {
    publisher.subscribe(this);
  }

  @Override
  public synchronized void onSubscribe(Subscription s) {
    if (closed || subscription != null || result.isDone()) {
      s.cancel();
      return;
    }
    subscription = s;
    s.request(Long.MAX_VALUE);
  }

  @Override
  public synchronized void onNext(ByteBuffer bytes) {
    if (closed || result.isDone()) {
      return;
    }
    int length = bytes.remaining();
    if (length > expected - received) {
      result.completeExceptionally(
          new RequestException(
              Kind.TRANSIENT, "the service sends more bytes than requested", null));
      subscription.cancel();
      return;
    }
    target.put(received, bytes, bytes.position(), length);
    received += length;
    traffic.read(length);
  }

  @Override
  public void onComplete() {
    if (received() == expected) {
      result.complete(this);
    } else {
      result.completeExceptionally(
          new IOException("body ended after " + received() + " of " + expected + " bytes"));
    }
  }

  @Override
  public void onError(Throwable thrown) {
    result.completeExceptionally(thrown);
  }

  @Override
  public void exceptionOccurred(Throwable thrown) {
    result.completeExceptionally(thrown);
  }
}
