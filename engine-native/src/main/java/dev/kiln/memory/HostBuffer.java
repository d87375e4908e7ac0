package dev.kiln.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A block of native host memory with one owner: whoever allocated it closes it. The garbage
 * collector never frees it. Views handed out by {@link #pointer} and {@link #slice} borrow; they
 * must not be used after {@link #close}.
 *
 * <p>Large blocks come zeroed and lazily backed from the operating system: address space that is
 * never touched costs no memory.
 */
public final class HostBuffer implements AutoCloseable {
  static {
    NativeMemory.liftGuard();
  }

  private final String purpose;
  private final long size;
  private final Runnable release;
  private BytePointer memory;

  private HostBuffer(String purpose, long size, BytePointer memory, Runnable release) {
    this.purpose = purpose;
    this.size = size;
    this.memory = memory;
    this.release = release;
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
    if (block == null) {
      throw new OutOfMemoryError(purpose + ": no host memory for " + size + " bytes");
    }
    return over(purpose, size, block, () -> Pointer.free(block));
  }

  /**
   * A buffer over memory of somebody else's.
   *
   * @param release is run once, on close
   */
  public static HostBuffer over(String purpose, long size, Pointer block, Runnable release) {
    return new HostBuffer(purpose, size, new BytePointer(block).capacity(size), release);
  }

  /** Size in bytes. */
  public long size() {
    return size;
  }

  /**
   * Borrowed pointer to the first byte, its limit the size. Each call gives a new one: moving its
   * position moves nobody else's.
   *
   * @throws IllegalStateException after close
   */
  public BytePointer pointer() {
    return new BytePointer(memory());
  }

  /**
   * Address of the first byte.
   *
   * @throws IllegalStateException after close
   */
  public long address() {
    return memory().address();
  }

  /**
   * Borrowed view of {@code length} bytes from {@code offset}, in host byte order.
   *
   * @throws IndexOutOfBoundsException if the range leaves the buffer
   * @throws IllegalStateException after close
   */
  public ByteBuffer slice(long offset, int length) {
    BytePointer base = memory();
    if (offset < 0 || length < 0 || offset > size - length) {
      throw new IndexOutOfBoundsException(
          purpose + ": bytes " + offset + "+" + length + " of " + size);
    }
    if (length == 0) {
      // JavaCPP would take a limit of 0 for none.
      return ByteBuffer.allocate(0).order(ByteOrder.nativeOrder());
    }
    // Not through position(): a ByteBuffer counts from the address, in an int.
    return base.getPointer(BytePointer.class, offset)
        .capacity(length)
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  private synchronized BytePointer memory() {
    if (memory == null) {
      throw new IllegalStateException(purpose + ": used after close");
    }
    return memory;
  }

  /** Gives the memory back; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (memory != null) {
      memory = null;
      release.run();
    }
  }
}
