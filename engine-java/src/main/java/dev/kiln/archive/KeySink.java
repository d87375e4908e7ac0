package dev.kiln.archive;

import java.io.IOException;

/** Receives scene keys, one at a time. */
@FunctionalInterface
public interface KeySink {
  /**
   * Receives the next key.
   *
   * @param key of a scene
   * @throws IOException if the key cannot be stored
   */
  void accept(String key) throws IOException;
}
