package dev.kiln.cuda;

import java.util.function.Consumer;

/**
 * A block of device memory. Its owner, the caller that allocated it, closes it. Its address is
 * valid only on the device.
 */
public final class DeviceBuffer implements AutoCloseable {
  private final String purpose;
  private final long address;
  private final long size;
  private final Consumer<DeviceBuffer> release;
  private boolean closed;

  /**
   * Creates a block.
   *
   * @param release frees the memory; called once, on close
   */
  DeviceBuffer(String purpose, long address, long size, Consumer<DeviceBuffer> release) {
    this.purpose = purpose;
    this.address = address;
    this.size = size;
    this.release = release;
  }

  /** Returns the purpose, for messages. */
  public String purpose() {
    return purpose;
  }

  /** Returns the size in bytes. */
  public long size() {
    return size;
  }

  /**
   * Returns the address of the first byte.
   *
   * @throws IllegalStateException after close
   */
  public synchronized long address() {
    if (closed) {
      throw new IllegalStateException(purpose + ": used after close");
    }
    return address;
  }

  /**
   * Returns the address of a range.
   *
   * @throws IndexOutOfBoundsException if the range exceeds the buffer
   * @throws IllegalStateException after close
   */
  public long address(long offset, long bytes) {
    if (offset < 0 || bytes < 0 || offset > size - bytes) {
      throw new IndexOutOfBoundsException(
          purpose + ": bytes " + offset + "+" + bytes + " of " + size);
    }
    return address() + offset;
  }

  /** Frees the memory, for which CUDA may wait for the device; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      try {
        release.accept(this);
      } finally {
        closed = true;
      }
    }
  }
}
