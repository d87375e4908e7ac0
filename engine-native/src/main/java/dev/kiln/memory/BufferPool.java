package dev.kiln.memory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Blocks of native host memory that are used again. Fresh memory is mapped and zeroed page by page
 * as it is first written, which for a strip of pixels takes a quarter as long as decoding them; to
 * lock pages for a device takes longer still.
 *
 * <p>It never holds more blocks than were out at once, and lets go of those that have become too
 * small. For any number of threads.
 */
public final class BufferPool implements AutoCloseable {
  private final HostMemory memory;

  /** Idle blocks, smallest first. */
  private final List<HostBuffer> idle = new ArrayList<>();

  private boolean closed;

  /** A pool of ordinary memory. */
  public BufferPool() {
    this(HostMemory.ORDINARY);
  }

  /**
   * @param memory where blocks come from
   */
  public BufferPool(HostMemory memory) {
    this.memory = memory;
  }

  /**
   * Lends memory, which holds anything; closing it gives it back.
   *
   * @param purpose what it is for, named in errors
   * @param size bytes, at least 1
   * @throws OutOfMemoryError if the system has no such block left
   */
  public HostBuffer take(String purpose, long size) {
    HostBuffer block = fitting(size);
    if (block == null) {
      block = memory.allocate(purpose, size);
    }
    HostBuffer lent = block;
    return HostBuffer.over(purpose, size, lent.pointer(), () -> giveBack(lent));
  }

  /** The smallest idle block that is large enough; if all are too small, the largest goes. */
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

  /** Bytes of the blocks that wait to be used again. */
  public synchronized long idleBytes() {
    return idle.stream().mapToLong(HostBuffer::size).sum();
  }

  /** Frees the idle blocks, and lent ones when they come back. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.forEach(HostBuffer::close);
    idle.clear();
  }
}
