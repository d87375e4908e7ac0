package dev.kiln.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A block of native host memory with one owner: whoever allocated it closes it. Views handed out by
 * {@link #slice} borrow; they must not be used after {@link #close}.
 *
 * <p>Large blocks come zeroed and lazily backed from the operating system: address space that is
 * never touched costs no memory.
 */
public final class HostBuffer implements AutoCloseable {
  private final String purpose;
  private final long size;
  private BytePointer memory;

  private HostBuffer(String purpose, long size, BytePointer memory) {
    this.purpose = purpose;
    this.size = size;
    this.memory = memory;
  }

  /**
   * Allocates zeroed memory.
   *
   * @param purpose what it is for, named in errors ("strip of naip", "fetched scene")
   * @param size bytes, at least 1
   * @throws OutOfMemoryError if the system has no such block left
   */
  public static HostBuffer allocate(String purpose, long size) {
    if (size < 1) {
      throw new IllegalArgumentException(
          purpose + ": " + size + " bytes asked, at least 1 expected");
    }
    Pointer block = Pointer.calloc(1, size);
    if (block == null || block.isNull()) {
      throw new OutOfMemoryError(purpose + ": no host memory for " + size + " bytes");
    }
    return new HostBuffer(purpose, size, new BytePointer(block).capacity(size));
  }

  /** Size in bytes. */
  public long size() {
    return size;
  }

  /** Borrowed pointer to the first byte. */
  public synchronized BytePointer pointer() {
    if (memory == null) {
      throw new IllegalStateException(purpose + ": used after close");
    }
    return memory;
  }

  /** Address of the first byte. */
  public long address() {
    return pointer().address();
  }

  /**
   * Borrowed view of {@code length} bytes from {@code offset}, in host byte order.
   *
   * @throws IndexOutOfBoundsException if the range leaves the buffer
   */
  public ByteBuffer slice(long offset, int length) {
    BytePointer base = pointer();
    if (offset < 0 || length < 0 || offset > size - length) {
      throw new IndexOutOfBoundsException(
          purpose + ": bytes " + offset + "+" + length + " of " + size);
    }
    // A pointer of its own, since a buffer counts from where its pointer's memory begins.
    ByteBuffer view = base.getPointer(offset).capacity(length).asByteBuffer();
    return view.limit(length).order(ByteOrder.nativeOrder());
  }

  /** Gives the memory back; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (memory != null) {
      Pointer.free(memory);
      memory = null;
    }
  }
}
