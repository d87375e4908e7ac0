package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.PagePool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;

/**
 * An object of which only the requested bytes are in host memory, each at its own offset in a
 * buffer of the object's size. Bytes that were never fetched take no memory and read as zeros,
 * except those of a fetch that failed. All bytes are of one version of the object. Owns the buffer.
 * Used by one thread at a time.
 */
public final class SparseObject implements AutoCloseable {
  /** Address space is cheap but not endless, and no scene is larger. */
  private static final long MAX_BYTES = 1L << 40;

  /** Smaller buffers are allocated, which is faster. */
  private static final long RESERVED_BYTES = 4 * PagePool.CHUNK_BYTES;

  private final ObjectStore store;
  private final String key;
  private final String version;
  private final HostBuffer buffer;
  private final RangeSet held = new RangeSet();

  /** What is beside the object; null until it is asked for. */
  private FilesBeside beside;

  /** Receives pages that are no longer needed; null without {@link #prepare}. */
  private PagePool pages;

  /**
   * Creates an object that holds its first bytes.
   *
   * @param store that fetches more of it
   * @param key in the store
   * @param version changes whenever the object does
   * @param size of the whole object in bytes
   * @param head its first bytes, copied
   * @throws UnreadableObjectException if the object is empty, or larger than any image
   */
  static SparseObject open(
      ObjectStore store, String key, String version, long size, ByteBuffer head)
      throws UnreadableObjectException {
    if (size == 0) {
      throw new UnreadableObjectException(store.uri(key), "the object is empty (0 bytes)");
    }
    if (size > MAX_BYTES) {
      throw new UnreadableObjectException(
          store.uri(key), "expected at most %,d bytes, found %,d".formatted(MAX_BYTES, size));
    }
    return new SparseObject(store, key, version, size, head);
  }

  private SparseObject(ObjectStore store, String key, String version, long size, ByteBuffer head) {
    this.store = store;
    this.key = key;
    this.version = version;
    this.buffer =
        isReserved(size)
            ? HostBuffer.reserve("object " + key, size)
            : HostBuffer.allocate("object " + key, size);
    ByteRange range = new ByteRange(0, head.remaining());
    buffer.slice(0, head.remaining()).put(head);
    held.add(range);
  }

  private static boolean isReserved(long size) {
    return size >= RESERVED_BYTES;
  }

  /** {@return the object's key in its store} */
  public String key() {
    return key;
  }

  /** Returns the store that the object is read from. */
  ObjectStore store() {
    return store;
  }

  /** {@return the version that was opened; changes whenever the object does} */
  public String version() {
    return version;
  }

  /**
   * Finds what is beside this object, as {@link ObjectStore#beside} does.
   *
   * @return what is there
   * @throws IOException if a file beside it cannot be read
   */
  public FilesBeside beside() throws IOException {
    if (beside == null) {
      beside = store.beside(key);
    }
    return beside;
  }

  /** {@return the size of the whole object in bytes} */
  public long size() {
    return buffer.size();
  }

  /** {@return the fetched bytes at their own offsets} Borrowed. */
  public HostBuffer buffer() {
    return buffer;
  }

  /** {@return the number of bytes in memory} */
  public long heldBytes() {
    return held.bytes();
  }

  /**
   * Returns some bytes. Missing ones are fetched, together with some bytes behind them that are
   * likely to be requested next.
   *
   * @param offset of the first byte
   * @param length number of bytes; they are within the object
   * @return a borrowed view
   * @throws IOException if they cannot be read
   * @throws InterruptedException if the thread is interrupted
   */
  public ByteBuffer bytes(long offset, int length) throws IOException, InterruptedException {
    List<ByteRange> missing = held.missing(new ByteRange(offset, length));
    if (!missing.isEmpty()) {
      long begin = missing.get(0).offset();
      long end = Math.max(offset + length, begin + ObjectStore.HEAD_BYTES);
      store.fetch(List.of(plan(List.of(ByteRange.between(begin, Math.min(size(), end))))));
    }
    return buffer.slice(offset, length);
  }

  /**
   * Plans how to fetch the missing bytes of some ranges.
   *
   * @param ranges in any order; may overlap
   * @return ranges to request, combined where they are close
   */
  public RangePlan plan(Collection<ByteRange> ranges) {
    RangeSet missing = new RangeSet();
    ranges.forEach(range -> held.missing(range).forEach(missing::add));
    return RangePlan.of(this, missing);
  }

  /**
   * Backs ranges that will be fetched next with memory that earlier objects needed, as far as there
   * is any, and gives all memory of this object to the same pool when it is no longer needed.
   *
   * @param ranges of a plan
   * @param pool borrowed until this object is closed
   */
  public void prepare(Collection<ByteRange> ranges, PagePool pool) {
    if (!isReserved(size())) {
      return;
    }
    pages = pool;
    for (ByteRange range : ranges) {
      // A plan joins ranges across bytes that are held, and may be in use.
      held.missing(range).forEach(part -> pool.fill(buffer, part));
    }
  }

  /**
   * Frees the memory of some bytes. They read as zeros until they are fetched again.
   *
   * @param ranges to free
   * @param kept ranges that stay, also where both overlap
   */
  public void release(Collection<ByteRange> ranges, Collection<ByteRange> kept) {
    RangeSet staying = new RangeSet(kept);
    for (ByteRange range : ranges) {
      for (ByteRange part : staying.missing(range)) {
        held.remove(part);
        if (pages != null) {
          pages.drain(buffer, part);
        }
        buffer.discard(part);
      }
    }
  }

  /** {@return the ranges of bytes that are in memory, ascending} */
  public List<ByteRange> heldRanges() {
    return held.ranges();
  }

  /** Records that these bytes are in the buffer. */
  void addHeld(ByteRange range) {
    held.add(range);
  }

  /** Frees the bytes; a second call does nothing. */
  @Override
  public void close() {
    if (pages != null) {
      PagePool pool = pages;
      pages = null;
      held.ranges().forEach(range -> pool.drain(buffer, range));
    }
    buffer.close();
  }
}
