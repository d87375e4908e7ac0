package dev.kiln.catalog;

import java.io.IOException;

/** Receives the items of a catalogue, one at a time, each once. */
@FunctionalInterface
public interface ItemConsumer {
  /**
   * Receives the next item.
   *
   * @param item that satisfies the query
   * @return a reason, as printed, why the item is not used; an empty text if it is
   * @throws IOException if the item cannot be stored
   */
  String accept(FoundItem item) throws IOException;
}
