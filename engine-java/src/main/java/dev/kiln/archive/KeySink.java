package dev.kiln.archive;

import java.io.IOException;

/** Takes scene keys, one after another. */
@FunctionalInterface
public interface KeySink {
  void accept(String key) throws IOException;
}
