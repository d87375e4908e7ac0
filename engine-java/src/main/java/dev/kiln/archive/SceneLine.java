package dev.kiln.archive;

import java.io.IOException;

/**
 * A line of a scene list.
 *
 * @param key the scene's key
 * @param text the line, which reading gives the same key again: the key, or an item
 * @param isItem whether the line is an item itself
 */
public record SceneLine(String key, String text, boolean isItem) {
  /** Receives the lines of a list, one at a time. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Receives the next line.
     *
     * @param line of a scene
     * @throws IOException if the line cannot be stored
     */
    void accept(SceneLine line) throws IOException;
  }
}
