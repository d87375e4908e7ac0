package dev.kiln.fetch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** Collects an object in memory and puts it at the end, for stores without partial writes. */
final class BufferedObjectWriter extends ObjectWriter {
  private final ObjectStore store;
  private final String key;
  private ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /**
   * Creates a writer.
   *
   * @param store borrowed
   */
  BufferedObjectWriter(ObjectStore store, String key) {
    this.store = store;
    this.key = key;
  }

  @Override
  public void write(int b) {
    bytes.write(b);
  }

  @Override
  public void write(byte[] source, int offset, int length) {
    bytes.write(source, offset, length);
  }

  @Override
  public void complete() throws IOException {
    store.put(key, bytes.toByteArray());
    close();
  }

  @Override
  public void close() {
    bytes = new ByteArrayOutputStream(0);
  }
}
