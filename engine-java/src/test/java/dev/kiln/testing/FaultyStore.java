package dev.kiln.testing;

import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.util.function.UnaryOperator;

/** Stores that fail on purpose. */
public final class FaultyStore {
  private FaultyStore() {}

  /** A planned failure. */
  public interface Fault {
    /** Called before the store works on an object; can throw. */
    void before(String key) throws IOException;
  }

  /** Wraps a store: {@code fault} is called before an object is opened, and can throw. */
  public static UnaryOperator<ObjectStore> onOpen(Fault fault) {
    return store ->
        new ForwardingStore(store) {
          @Override
          protected void opening(String key) throws IOException {
            fault.before(key);
          }
        };
  }

  /** Wraps a store: {@code fault} is called before an object is written, and can throw. */
  public static UnaryOperator<ObjectStore> onPut(Fault fault) {
    return store ->
        new ForwardingStore(store) {
          @Override
          public void put(String key, byte[] bytes) throws IOException {
            fault.before(key);
            super.put(key, bytes);
          }
        };
  }
}
