package dev.kiln.fetch;

import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.fetch.RequestException.Kind;
import dev.kiln.http.HttpResponse;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes the body of one ranged response into memory as it arrives, after checking that the service
 * sends the requested range. The memory is borrowed: nothing is written after {@link #close}. Every
 * client feeds it from its own kind of stream.
 */
final class RangeSink {
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+)");

  private final ByteRange range;
  private final Optional<String> version;
  private final ByteBuffer target;
  private final Traffic traffic;
  private final CompletableFuture<RangeSink> result = new CompletableFuture<>();
  private Runnable cancel;
  private boolean closed;
  private String found;
  private boolean whole;
  private long objectSize;
  private long expected;
  private long skip;
  private int received;

  /** How the service encodes the body; empty if it does not. */
  private String coding = "";

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

  /**
   * Notes that the service encodes the body, although it was asked not to. Lengths that do not
   * match are no fault of the connection then.
   *
   * @param contentCoding such as {@code gzip}
   */
  void encoded(String contentCoding) {
    coding = contentCoding;
  }

  /** Returns the range that is requested. */
  ByteRange range() {
    return range;
  }

  /** Returns the version of the object that is sent. */
  String version() {
    return found;
  }

  /** Returns whether the service ignored the range and sends the whole object. */
  boolean isWhole() {
    return whole;
  }

  /** Returns the size of the whole object in bytes. */
  long objectSize() {
    return objectSize;
  }

  /** Returns the number of bytes that have arrived, also after a failure. */
  synchronized int received() {
    return received;
  }

  /** Returns the outcome: this sink, once all bytes have arrived. */
  CompletableFuture<RangeSink> result() {
    return result;
  }

  /** Stops writing. */
  synchronized void close() {
    closed = true;
    if (cancel != null) {
      cancel.run();
    }
  }

  /**
   * Checks the header of a response with a range.
   *
   * @param sentVersion of the object; null if the service sent none
   * @param contentRange the header; null if the service sent none
   */
  void begin(String sentVersion, String contentRange) {
    Matcher matcher = CONTENT_RANGE.matcher(contentRange == null ? "" : contentRange);
    if (!matcher.matches() || sentVersion == null) {
      fail(
          new RequestException(
              Kind.NO_RANGES,
              "the service does not serve ranges: "
                  + Mismatch.of("Content-Range and ETag", contentRange + " and " + sentVersion),
              null));
      return;
    }
    checkVersion(sentVersion);
    long begin;
    try {
      begin = Long.parseLong(matcher.group(1));
      objectSize = Long.parseLong(matcher.group(3));
      expected = Long.parseLong(matcher.group(2)) + 1 - begin;
    } catch (NumberFormatException e) {
      begin = -1;
    }
    if (begin != range.offset() || expected != Math.min(range.length(), objectSize - begin)) {
      fail(
          new RequestException(
              Kind.TRANSIENT,
              Mismatch.of(
                  "Content-Range",
                  "bytes %d-%d".formatted(range.offset(), range.end() - 1),
                  contentRange),
              null));
    }
  }

  /**
   * Checks the header of a response that ignores the range: the bytes before the range are skipped.
   *
   * @param sentVersion of the object
   * @param size of the whole object in bytes
   */
  void beginWhole(String sentVersion, long size) {
    whole = true;
    objectSize = size;
    skip = range.offset();
    expected = Math.min(range.length(), size - skip);
    if (expected <= 0 && size > 0) {
      fail(new RequestException(Kind.CHANGED, "the object became shorter", null));
      return;
    }
    checkVersion(sentVersion);
  }

  private void checkVersion(String sentVersion) {
    found = sentVersion;
    if (version.isPresent() && !version.get().equals(sentVersion)) {
      fail(new RequestException(Kind.CHANGED, "the object changed while it was read", null));
    }
  }

  /**
   * Announces the body.
   *
   * @param canceller ends the transfer
   * @return false if no body is wanted any more; the transfer is cancelled then
   */
  synchronized boolean connect(Runnable canceller) {
    if (closed || cancel != null || result.isDone()) {
      canceller.run();
      return false;
    }
    cancel = canceller;
    return true;
  }

  /** Takes the next bytes of the body. */
  synchronized void accept(ByteBuffer bytes) {
    if (closed || result.isDone()) {
      return;
    }
    if (skip > 0) {
      int skipped = (int) Math.min(skip, bytes.remaining());
      bytes.position(bytes.position() + skipped);
      skip -= skipped;
    }
    int length = bytes.remaining();
    if (whole && length > expected - received) {
      length = (int) (expected - received);
    }
    if (length > expected - received) {
      fail(
          coding.isEmpty()
              ? new RequestException(
                  Kind.TRANSIENT, "the service sends more bytes than requested", null)
              : compressed(coding));
      cancel.run();
      return;
    }
    target.put(received, bytes, bytes.position(), length);
    received += length;
    traffic.read(length);
    if (whole && received == expected) {
      result.complete(this);
      cancel.run();
    }
  }

  /**
   * Reads the next bytes of the body straight into the target, as {@link HttpResponse#receive}.
   * They are read under the lock of {@link #close}, so that nothing is written after it.
   */
  synchronized int receive(ReadableByteChannel source, int limit) throws IOException {
    int length = (int) Math.min(limit, expected - received);
    if (closed || result.isDone() || whole || length <= 0 || !target.isDirect()) {
      return HttpResponse.NO_MEMORY;
    }
    int count = source.read(target.slice(received, length));
    if (count > 0) {
      received += count;
      traffic.read(count);
    }
    return count;
  }

  /** Ends the body. */
  void complete() {
    if (received() == expected) {
      result.complete(this);
    } else if (!coding.isEmpty()) {
      fail(compressed(coding));
    } else {
      fail(new IOException("body ended after " + received() + " of " + expected + " bytes"));
    }
  }

  /** Returns the failure of a service that compresses what it sends. */
  static RequestException compressed(String coding) {
    return new RequestException(
        Kind.REFUSED,
        "the server compresses responses (Content-Encoding "
            + Printable.of(coding)
            + ") although identity was requested: switch that off for these files, or use another"
            + " server",
        null);
  }

  /**
   * Ends the transfer with a failure.
   *
   * @param thrown by the client, or the reason why the response is refused
   */
  void fail(Throwable thrown) {
    result.completeExceptionally(thrown);
  }
}
