package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Ranged requests to a remote store, with retries. */
interface RangeRequests {
  /**
   * Starts to fetch a range of an object into memory.
   *
   * @param key of the object
   * @param range to fetch; the object may end within it
   * @param version that the object must have; empty for any
   * @param target room for the range, borrowed until the future completes
   * @return fails with {@link RequestException}
   */
  CompletableFuture<RangeSink> range(
      String key, ByteRange range, Optional<String> version, ByteBuffer target);

  /**
   * Starts to fetch a part; a retry continues where the last attempt ended.
   *
   * @param key of the object
   * @param part to fetch
   * @return fails with {@link RequestException}
   */
  CompletableFuture<RangeSink> part(String key, ObjectPart part);

  /** Returns whether the store has served a range before. */
  boolean servesRanges();

  /** Returns the full name of an object, for messages. */
  String uri(String key);

  /** Returns the counters of these requests. */
  Traffic traffic();
}
