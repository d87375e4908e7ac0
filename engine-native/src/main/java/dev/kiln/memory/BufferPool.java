package dev.kiln.memory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * Blocks of native host memory that are used again. Fresh memory is mapped and zeroed page by page
 * as it is first written, which for a strip of pixels takes a quarter as long as decoding them.
 *
 * <p>It never holds more blocks than were out at once, and lets go of those that have become too
 * small. For any number of threads.
 */
public final class BufferPool implements AutoCloseable {
  /** Idle blocks, smallest first. */
  private final List<Block> idle = new ArrayList<>();

  private boolean closed;

  private record Block(Pointer memory, long capacity) {}

  /**
   * Lends memory, which holds anything; closing it gives it back.
   *
   * @param purpose what it is for, named in errors
   * @param size bytes, at least 1
   * @throws OutOfMemoryError if the system has no such block left
   */
  public HostBuffer take(String purpose, long size) {
    Block block = fitting(size);
    if (block == null) {
      block = new Block(HostBuffer.calloc(purpose, size), size);
    }
    Block lent = block;
    return HostBuffer.over(purpose, size, lent.memory(), () -> giveBack(lent));
  }

  /** The smallest idle block that is large enough; if all are too small, the largest goes. */
  private synchronized Block fitting(long size) {
    for (int i = 0; i < idle.size(); i++) {
      if (idle.get(i).capacity() >= size) {
        return idle.remove(i);
      }
    }
    if (!idle.isEmpty()) {
      Pointer.free(idle.remove(idle.size() - 1).memory());
    }
    return null;
  }

  private synchronized void giveBack(Block block) {
    if (closed) {
      Pointer.free(block.memory());
    } else {
      idle.add(block);
      idle.sort(Comparator.comparingLong(Block::capacity));
    }
  }

  /** Bytes of the blocks that wait to be used again. */
  public synchronized long idleBytes() {
    return idle.stream().mapToLong(Block::capacity).sum();
  }

  /** Frees the idle blocks, and lent ones when they come back. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.forEach(block -> Pointer.free(block.memory()));
    idle.clear();
  }
}
