package dev.kiln.awsbatch;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.testing.ForwardingStore;
import java.io.IOException;

/** Store of a process that is killed before its next write after a number of writes. */
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

  /** Does nothing: a killed process closes nothing. */
  @Override
  public void close() {}
}
