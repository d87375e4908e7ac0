package dev.kiln.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A block of native host memory with one owner, which closes it. The garbage collector never frees
 * it. Views returned by {@link #pointer} and {@link #slice} borrow the memory and must not be used
 * after {@link #close}.
 *
 * <p>The operating system zeroes large blocks and backs them lazily: address space that is never
 * touched uses no memory.
 */
public final class HostBuffer implements AutoCloseable {
  static {
    NativeMemory.disableLimit();
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
   * @param purpose what the memory is for, in error messages ("strip of naip", "fetched scene")
   * @param size bytes, at least 1
   * @throws OutOfMemoryError if the system cannot allocate the block
   */
  public static HostBuffer allocate(String purpose, long size) {
    if (size < 1) {
      throw new IllegalArgumentException(
          purpose + ": expected a size of at least 1 byte, found " + size);
    }
    Pointer block = Pointer.calloc(1, size);
    if (block == null) {
      throw new OutOfMemoryError(purpose + ": cannot allocate " + size + " bytes of host memory");
    }
    return over(purpose, size, block, () -> Pointer.free(block));
  }

  /**
   * Reserves zeroed memory of any size for a buffer of which only a part is ever written. Unlike
   * {@link #allocate}, it can be larger than the machine's memory, and its pages can come from a
   * {@link PagePool}.
   *
   * @param purpose what the memory is for, in error messages
   * @param size bytes, at least 1
   * @throws OutOfMemoryError if there is not enough address space
   */
  public static HostBuffer reserve(String purpose, long size) {
    return AddressSpace.reserve(purpose, size);
  }

  /**
   * Allocates zeroed memory in pages of 2 MiB where the system has them, for matrices that are read
   * at large strides.
   *
   * @param purpose what the memory is for, in error messages
   * @param size bytes, at least 1; a few megabytes or more
   * @throws OutOfMemoryError if there is not enough address space
   */
  public static HostBuffer allocateHugePages(String purpose, long size) {
    return AddressSpace.reserveHugePages(purpose, size);
  }

  /**
   * Returns the memory behind whole pages of a range to the system; they read as zeros afterwards.
   * Only for buffers that were allocated or reserved here.
   *
   * @throws IndexOutOfBoundsException if the range exceeds the buffer
   * @throws IllegalStateException after close
   */
  public void discard(ByteRange range) {
    if (range.end() > size) {
      throw new IndexOutOfBoundsException(purpose + ": " + range + " of " + size + " bytes");
    }
    AddressSpace.discard(address() + range.offset(), range.length());
  }

  /**
   * Wraps memory that was allocated elsewhere.
   *
   * @param release runs once, on close
   */
  public static HostBuffer over(String purpose, long size, Pointer block, Runnable release) {
    return new HostBuffer(purpose, size, new BytePointer(block).capacity(size), release);
  }

  /** Returns the size in bytes. */
  public long size() {
    return size;
  }

  /**
   * Returns a borrowed pointer to the first byte; its limit is the size. Each call returns a new
   * pointer with a position of its own.
   *
   * @throws IllegalStateException after close
   */
  public BytePointer pointer() {
    return new BytePointer(memory());
  }

  /**
   * Returns the address of the first byte.
   *
   * @throws IllegalStateException after close
   */
  public long address() {
    return memory().address();
  }

  /**
   * Returns a borrowed view of {@code length} bytes from {@code offset}, in host byte order.
   *
   * @throws IndexOutOfBoundsException if the range exceeds the buffer
   * @throws IllegalStateException after close
   */
  public ByteBuffer slice(long offset, int length) {
    BytePointer base = memory();
    if (offset < 0 || length < 0 || offset > size - length) {
      throw new IndexOutOfBoundsException(
          purpose + ": bytes " + offset + "+" + length + " of " + size);
    }
    if (length == 0) {
      // JavaCPP takes a limit of 0 to mean no limit.
      return ByteBuffer.allocate(0).order(ByteOrder.nativeOrder());
    }
    // Not position(): a ByteBuffer counts from the address, in an int.
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

  /** Frees the memory; later calls do nothing. */
  @Override
  public synchronized void close() {
    if (memory != null) {
      memory = null;
      release.run();
    }
  }
}
