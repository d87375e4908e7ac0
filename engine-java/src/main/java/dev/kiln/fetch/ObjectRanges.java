package dev.kiln.fetch;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The bytes of one object, read in any order. What was fetched is kept up to a limit, then dropped:
 * the object can be larger than the memory that reading it may take. All bytes are of one version.
 * Safe for use by several threads.
 */
public final class ObjectRanges implements AutoCloseable {
  private static final long MAX_HELD_BYTES = 64L << 20;

  private final ObjectStore store;
  private final String key;
  private final long size;
  private final String version;
  private SparseObject object;

  /**
   * Opens an object.
   *
   * @param store borrowed
   * @param key of the object
   * @throws IOException if it cannot be opened
   */
  public ObjectRanges(ObjectStore store, String key) throws IOException {
    this.store = store;
    this.key = key;
    this.object = open();
    this.size = object.size();
    this.version = object.version();
  }

  private SparseObject open() throws IOException {
    try {
      return store.open(List.of(key)).get(0);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** {@return the full name of the object, for messages} */
  public String name() {
    return store.uri(key);
  }

  /** {@return the size of the object in bytes} */
  public long size() {
    return size;
  }

  /** {@return the version of the object that was opened} */
  public String version() {
    return version;
  }

  /**
   * Reads some bytes.
   *
   * @param offset of the first
   * @param length number of bytes; they are within the object
   * @return a buffer of its own, from position 0
   * @throws ObjectChangedException if the object is no longer the version that was opened
   * @throws IOException if they cannot be read
   */
  public synchronized ByteBuffer read(long offset, int length) throws IOException {
    if (object.heldBytes() + length > MAX_HELD_BYTES) {
      object.close();
      object = open();
      if (!object.version().equals(version)) {
        throw new ObjectChangedException(name());
      }
    }
    try {
      ByteBuffer copy = ByteBuffer.allocate(length);
      return copy.put(object.bytes(offset, length)).flip();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static IOException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    IOException e = new InterruptedIOException("interrupted");
    e.initCause(cause);
    return e;
  }

  @Override
  public synchronized void close() {
    object.close();
  }
}
