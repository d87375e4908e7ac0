package dev.kiln.cuda;

import java.util.function.Consumer;

/**
 * A block of device memory with one owner: whoever allocated it closes it. Its address is valid on
 * the device alone.
 */
public final class DeviceBuffer implements AutoCloseable {
  private final String purpose;
  private final long address;
  private final long size;
  private final Consumer<DeviceBuffer> release;
  private boolean closed;

  /**
   * @param release frees the memory; is called once, on close
   */
  DeviceBuffer(String purpose, long address, long size, Consumer<DeviceBuffer> release) {
    this.purpose = purpose;
    this.address = address;
    this.size = size;
    this.release = release;
  }

  /** What it is for. */
  public String purpose() {
    return purpose;
  }

  /** Size in bytes. */
  public long size() {
    return size;
  }

  /**
   * Address of the first byte.
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
   * Address of a range.
   *
   * @throws IndexOutOfBoundsException if it leaves the buffer
   * @throws IllegalStateException after close
   */
  public long address(long offset, long bytes) {
    if (offset < 0 || bytes < 0 || offset > size - bytes) {
      throw new IndexOutOfBoundsException(
          purpose + ": bytes " + offset + "+" + bytes + " of " + size);
    }
    return address() + offset;
  }

  /** Frees the memory, waiting for the device where it must; a second call does nothing. */
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
