package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectRanges;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file of an object store. */
final class StoredBytes implements ParquetBytes {
  private final ObjectRanges object;

  /**
   * Opens an object.
   *
   * @param store borrowed
   * @throws IOException if it cannot be opened
   */
  StoredBytes(ObjectStore store, String key) throws IOException {
    try {
      object = new ObjectRanges(store, key);
    } catch (ConfigurationException e) {
      throw new ReadErrors.SettingsException(e);
    }
  }

  @Override
  public String name() {
    return object.name();
  }

  @Override
  public long size() {
    return object.size();
  }

  /** {@return the version of the object that was opened} */
  String version() {
    return object.version();
  }

  @Override
  public ByteBuffer read(long offset, int length) throws IOException {
    try {
      return object.read(offset, length);
    } catch (ConfigurationException e) {
      throw new ReadErrors.SettingsException(e);
    }
  }

  @Override
  public void close() {
    object.close();
  }
}
