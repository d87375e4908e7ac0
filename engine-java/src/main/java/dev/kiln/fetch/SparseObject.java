package dev.kiln.fetch;

import dev.kiln.error.SceneException;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;

/**
 * An object of which only those bytes are in host memory that were asked for, each at its own
 * offset in a buffer of the object's size; what was never fetched costs no memory and reads as
 * zeros. All its bytes are of one version of the object. Owns the buffer. For one thread at a time.
 */
public final class SparseObject implements AutoCloseable {
  /** Address space is cheap but not endless, and no scene is larger. */
  private static final long LARGEST = 64L << 30;

  private final ObjectStore store;
  private final String key;
  private final String version;
  private final HostBuffer buffer;
  private final RangeSet held = new RangeSet();

  /**
   * @param version changes whenever the object does
   * @param head its first bytes, copied
   * @throws SceneException permanent if the object is empty, or larger than any image
   */
  static SparseObject begin(
      ObjectStore store, String key, String version, long size, ByteBuffer head)
      throws SceneException {
    if (size == 0) {
      throw SceneException.permanent(key, "the object is empty (0 bytes)");
    }
    if (size > LARGEST) {
      throw SceneException.permanent(
          key, "the object has %d bytes; at most %d expected".formatted(size, LARGEST));
    }
    return new SparseObject(store, key, version, size, head);
  }

  private SparseObject(ObjectStore store, String key, String version, long size, ByteBuffer head) {
    this.store = store;
    this.key = key;
    this.version = version;
    this.buffer = HostBuffer.allocate("object " + key, size);
    ByteRange range = new ByteRange(0, head.remaining());
    buffer.slice(0, head.remaining()).put(head);
    held.add(range);
  }

  public String key() {
    return key;
  }

  String version() {
    return version;
  }

  /** Size of the whole object in bytes. */
  public long size() {
    return buffer.size();
  }

  /** The object's bytes at their own offsets, as far as they were fetched. Borrowed. */
  public HostBuffer buffer() {
    return buffer;
  }

  /** Bytes that are in memory. */
  public long heldBytes() {
    return held.bytes();
  }

  /**
   * A borrowed view of some bytes; those that are not there yet are fetched at once, and some more
   * behind them that are likely to be asked for next.
   *
   * @throws SceneException if they cannot be had
   */
  public ByteBuffer bytes(long offset, int length) throws SceneException, InterruptedException {
    List<ByteRange> missing = held.missing(new ByteRange(offset, length));
    if (!missing.isEmpty()) {
      long begin = missing.get(0).offset();
      long end = Math.max(offset + length, begin + ObjectStore.HEAD_BYTES);
      store.fetch(List.of(plan(List.of(ByteRange.between(begin, Math.min(size(), end))))));
    }
    return buffer.slice(offset, length);
  }

  /** Plans how to fetch what is not there yet of some ranges, in any order. */
  public RangePlan plan(Collection<ByteRange> ranges) {
    RangeSet missing = new RangeSet();
    ranges.forEach(range -> held.missing(range).forEach(missing::add));
    return RangePlan.of(this, missing);
  }

  /** Says that these bytes are in the buffer now. */
  void hold(ByteRange range) {
    held.add(range);
  }

  /** Frees the bytes; a second call does nothing. */
  @Override
  public void close() {
    buffer.close();
  }
}
