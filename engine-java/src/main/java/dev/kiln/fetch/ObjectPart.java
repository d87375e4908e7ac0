package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * One range of an object on its way into memory. A try that broke off is carried on where it ended,
 * not begun again.
 */
final class ObjectPart {
  /** Starts one ranged request. */
  interface Request {
    CompletableFuture<RangeSink> start(ByteRange range, RangeSink sink);
  }

  private final ByteRange range;
  private final String version;
  private final ByteBuffer target;
  private RangeSink sink;
  private int before;
  private boolean stopped;

  /**
   * @param version the object must have
   * @param target room for the range, borrowed until {@link #stop}
   */
  ObjectPart(ByteRange range, String version, ByteBuffer target) {
    this.range = range;
    this.version = version;
    this.target = target;
  }

  String version() {
    return version;
  }

  /** Starts a try for what has not arrived yet. */
  synchronized CompletableFuture<RangeSink> attempt(Request request) {
    int arrived = closeSink();
    if (stopped) {
      return CompletableFuture.failedFuture(new CancellationException());
    }
    if (arrived == range.length()) {
      // The last byte came, but the connection broke before it ended well.
      return CompletableFuture.completedFuture(sink);
    }
    before = arrived;
    ByteRange rest = ByteRange.between(range.offset() + arrived, range.end());
    sink =
        new RangeSink(
            rest, Optional.of(version), target.slice(arrived, Math.toIntExact(rest.length())));
    return request.start(rest, sink);
  }

  /** After this nothing is written any more, whatever still arrives. */
  synchronized void stop() {
    closeSink();
    stopped = true;
  }

  /** Bytes that arrived up to the end of the last try. */
  private int closeSink() {
    if (sink == null) {
      return 0;
    }
    sink.close();
    return before + sink.received();
  }

  @Override
  public String toString() {
    return "bytes " + range.offset() + " to " + range.end();
  }
}
