package dev.kiln.memory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Pool of reusable blocks of native host memory. The operating system maps and zeroes fresh memory
 * page by page on first write, which for a strip of pixels takes a quarter as long as decoding
 * them; page-locking for a device takes longer still.
 *
 * <p>The pool never has more blocks than were lent at once, and frees those that have become too
 * small. Thread-safe.
 */
public final class BufferPool implements AutoCloseable {
  private final HostMemory memory;

  /** Idle blocks, smallest first. */
  private final List<HostBuffer> idle = new ArrayList<>();

  private boolean closed;

  /** Creates a pool of ordinary memory. */
  public BufferPool() {
    this(HostMemory.ORDINARY);
  }

  /**
   * @param memory allocates the blocks
   */
  public BufferPool(HostMemory memory) {
    this.memory = memory;
  }

  /**
   * Lends memory with unspecified contents; closing it returns it to the pool.
   *
   * @param purpose what the memory is for, in error messages
   * @param size bytes, at least 1
   * @throws OutOfMemoryError if the system cannot allocate the block
   */
  public HostBuffer take(String purpose, long size) {
    HostBuffer block = fitting(size);
    if (block == null) {
      block = memory.allocate(purpose, size);
    }
    HostBuffer lent = block;
    return HostBuffer.over(purpose, size, lent.pointer(), () -> giveBack(lent));
  }

  /**
   * Takes the smallest idle block that is large enough; if all are too small, frees the largest.
   */
  private synchronized HostBuffer fitting(long size) {
    for (int i = 0; i < idle.size(); i++) {
      if (idle.get(i).size() >= size) {
        return idle.remove(i);
      }
    }
    if (!idle.isEmpty()) {
      idle.remove(idle.size() - 1).close();
    }
    return null;
  }

  private synchronized void giveBack(HostBuffer block) {
    if (closed) {
      block.close();
    } else {
      idle.add(block);
      idle.sort(Comparator.comparingLong(HostBuffer::size));
    }
  }

  /** Returns the bytes of the idle blocks. */
  public synchronized long idleBytes() {
    return idle.stream().mapToLong(HostBuffer::size).sum();
  }

  /** Frees the idle blocks, and lent blocks when they are returned. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.forEach(HostBuffer::close);
    idle.clear();
  }
}
