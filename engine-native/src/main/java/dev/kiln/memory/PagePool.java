package dev.kiln.memory;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Memory of buffers that are no longer needed, for the next ones. The operating system maps and
 * zeroes fresh memory page by page on first write, which takes longer than receiving the bytes that
 * are written. A pool moves pages that have been written before from buffer to buffer, in chunks of
 * {@value #CHUNK_BYTES} bytes: their contents are unspecified, so they are only for ranges that
 * will be written whole.
 *
 * <p>Buffers are those of {@link HostBuffer#reserve}. On systems that cannot move pages (Linux
 * before 5.7, some sandboxes) the pool stays empty. Thread-safe; a buffer is used by one thread at
 * a time.
 */
public final class PagePool implements AutoCloseable {
  /** Bytes that move at once. */
  public static final long CHUNK_BYTES = AddressSpace.ALIGNMENT;

  /** The system limits the number of mappings of a process, usually to 65,530. */
  private static final long MAX_BYTES = 16L << 30;

  private final HostBuffer space;
  private final long slots;

  /** Indices of slots that have pages, the last used first, because caches may still hold it. */
  private final Deque<Long> filled = new ArrayDeque<>();

  /** Indices of slots that were used and have no pages. */
  private final Deque<Long> vacant = new ArrayDeque<>();

  /** Slots from this one on have never been used. */
  private long unused;

  private boolean closed;

  /**
   * Creates an empty pool.
   *
   * @param limit most bytes to keep; the pool keeps no more than 16 GiB in any case
   */
  public PagePool(long limit) {
    this.slots = Math.min(limit, MAX_BYTES) / CHUNK_BYTES;
    this.space = HostBuffer.reserve("pool of pages", Math.max(1, slots) * CHUNK_BYTES);
  }

  /**
   * Backs the whole chunks within a range of a buffer with pages of the pool, as far as it has any.
   * What the buffer held there is lost.
   *
   * @param buffer reserved, at least as large
   * @param range that will be written whole; otherwise it reads as unspecified bytes
   */
  public synchronized void fill(HostBuffer buffer, ByteRange range) {
    long base = buffer.address();
    for (long at = first(range); at + CHUNK_BYTES <= range.end() && !filled.isEmpty(); ) {
      long slot = filled.peek();
      if (!AddressSpace.relocate(address(slot), base + at, CHUNK_BYTES)) {
        return;
      }
      filled.pop();
      vacant.push(slot);
      at += CHUNK_BYTES;
    }
  }

  /**
   * Takes the pages of the whole chunks within a range of a buffer, as far as there is room. They
   * read as zeros afterwards.
   *
   * @param buffer reserved
   * @param range that is no longer needed; all of it has been written
   */
  public synchronized void drain(HostBuffer buffer, ByteRange range) {
    if (closed) {
      return;
    }
    long base = buffer.address();
    for (long at = first(range); at + CHUNK_BYTES <= range.end(); at += CHUNK_BYTES) {
      boolean fresh = vacant.isEmpty();
      if (fresh && unused == slots) {
        return;
      }
      long slot = fresh ? unused : vacant.peek();
      if (!AddressSpace.relocate(base + at, address(slot), CHUNK_BYTES)) {
        return;
      }
      if (fresh) {
        unused++;
      } else {
        vacant.pop();
      }
      filled.push(slot);
    }
  }

  /**
   * Frees pages that the pool keeps beyond a limit.
   *
   * @param limit bytes that may stay; below 0 counts as 0
   */
  public synchronized void trim(long limit) {
    while (idleBytes() > Math.max(0, limit)) {
      long slot = filled.removeLast();
      space.discard(new ByteRange(slot * CHUNK_BYTES, CHUNK_BYTES));
      vacant.addLast(slot);
    }
  }

  /** {@return the bytes of the pages that the pool keeps} */
  public synchronized long idleBytes() {
    return filled.size() * CHUNK_BYTES;
  }

  private static long first(ByteRange range) {
    return (range.offset() + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
  }

  private long address(long slot) {
    return space.address() + slot * CHUNK_BYTES;
  }

  /** Frees the pages; buffers keep theirs. Takes none afterwards. */
  @Override
  public synchronized void close() {
    closed = true;
    filled.clear();
    space.close();
  }
}
