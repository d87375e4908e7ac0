package dev.kiln.awsbatch;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.testing.ForwardingStore;
import java.io.IOException;

/** A store of a process that is killed when it is about to write once more than it may. */
final class DyingStore extends ForwardingStore {
  private int left;

  DyingStore(ObjectStore store, int writes) {
    super(store);
    this.left = writes;
  }

  @Override
  public void put(String key, byte[] bytes) throws IOException {
    if (left-- <= 0) {
      throw new IOException("killed before " + key);
    }
    super.put(key, bytes);
  }

  /** The process is dead: what it had open is not closed in order. */
  @Override
  public void close() {}
}
