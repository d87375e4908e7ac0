package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * One range of an object that is fetched into memory. A retry continues where the last attempt
 * ended.
 */
final class ObjectPart {
  /** Starts one ranged request. */
  interface Request {
    /**
     * Starts the request.
     *
     * @param range to request
     * @param sink receives the body
     */
    CompletableFuture<RangeSink> start(ByteRange range, RangeSink sink);
  }

  private final ByteRange range;
  private final String version;
  private final ByteBuffer target;
  private final Traffic traffic;
  private RangeSink sink;
  private int before;
  private boolean stopped;

  /**
   * Creates a part.
   *
   * @param version that the object must have
   * @param target room for the range, borrowed until {@link #stop}
   * @param traffic counts the bytes as they arrive
   */
  ObjectPart(ByteRange range, String version, ByteBuffer target, Traffic traffic) {
    this.range = range;
    this.version = version;
    this.target = target;
    this.traffic = traffic;
  }

  /** Returns the version that the object must have. */
  String version() {
    return version;
  }

  /** Starts an attempt to fetch the bytes that have not arrived yet. */
  synchronized CompletableFuture<RangeSink> attempt(Request request) {
    int arrived = closeSink();
    if (stopped) {
      return CompletableFuture.failedFuture(new CancellationException());
    }
    if (arrived == range.length()) {
      // The last byte arrived, but the connection broke before the response ended.
      return CompletableFuture.completedFuture(sink);
    }
    before = arrived;
    ByteRange rest = ByteRange.between(range.offset() + arrived, range.end());
    sink =
        new RangeSink(
            rest,
            Optional.of(version),
            target.slice(arrived, Math.toIntExact(rest.length())),
            traffic);
    return request.start(rest, sink);
  }

  /** Stops writing to the target, even if more bytes arrive. */
  synchronized void stop() {
    closeSink();
    stopped = true;
  }

  /** Ends the last attempt; returns the number of bytes that have arrived in all. */
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
