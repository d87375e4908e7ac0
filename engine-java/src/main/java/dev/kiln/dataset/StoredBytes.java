package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectChangedException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.SparseObject;
import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A file of an object store. What was fetched is kept up to a limit, then dropped: a merged file is
 * larger than the memory that reading it may take.
 */
final class StoredBytes implements ParquetBytes {
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
   * @throws IOException if it cannot be opened
   */
  StoredBytes(ObjectStore store, String key) throws IOException {
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
    } catch (ConfigurationException e) {
      throw new ReadErrors.SettingsException(e);
    }
  }

  @Override
  public String name() {
    return store.uri(key);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
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
    } catch (ConfigurationException e) {
      throw new ReadErrors.SettingsException(e);
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
