package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One shard's part of a scene list. The list is text with one key per line, plain or gzip, as
 * {@link KeyLines} reads it. Only the shard's own keys are held in memory.
 *
 * @param keys the shard's keys in list order, each once
 * @param total number of keys in the whole list
 * @param duplicates repeated keys within the shard's part, once per repetition; not in {@code keys}
 * @param description which scenes of how many, and how they were selected, for the log
 */
public record SceneList(
    List<String> keys, long total, List<String> duplicates, String description) {

  /** Opens the list; called up to three times. */
  @FunctionalInterface
  public interface Source {
    /**
     * Opens the list from its start.
     *
     * @throws IOException if it cannot be opened
     */
    InputStream open() throws IOException;
  }

  public SceneList {
    keys = List.copyOf(keys);
    duplicates = List.copyOf(duplicates);
  }

  /**
   * Reads the shard's part of a list.
   *
   * @param name the list and the option that named it, for messages
   * @throws ConfigurationException if the list is not text, its gzip is broken, it is empty, or a
   *     scene of the shard has the same output as another
   */
  public static SceneList read(String name, Source source, Shard shard) throws IOException {
    // Only slices by the number of shards depend on the list's length.
    long length = shard.needsTotal() ? each(name, source, key -> {}) : Long.MAX_VALUE;
    Shard.Slice slice = shard.slice(length);
    Collection<String> keys = new LinkedHashSet<>();
    List<String> duplicates = new ArrayList<>();
    Set<String> suffixes = new HashSet<>();
    long total = 0;
    try (KeyLines lines = new KeyLines(name, source.open())) {
      for (String key = lines.next(); key != null; key = lines.next()) {
        suffixes.add(OutputKey.suffix(key));
        if (total >= slice.from() && total < slice.to() && !keys.add(key)) {
          duplicates.add(key);
        }
        total++;
      }
    }
    if (total == 0) {
      throw new ConfigurationException(
          Mismatch.of(name, "at least one scene", "an empty list: write it with kiln manifest"));
    }
    if (suffixes.size() > 1) {
      requireDistinctOutputs(name, source, keys);
    }
    return new SceneList(List.copyOf(keys), total, duplicates, shard.describe(total));
  }

  /**
   * Compares the outputs of the shard's scenes with those of the whole list. Keys with the same
   * suffix never share an output, so this is needed for lists of several suffixes only.
   */
  private static void requireDistinctOutputs(String name, Source source, Collection<String> keys)
      throws IOException {
    Map<String, String> own = new HashMap<>();
    for (String key : keys) {
      String other = own.putIfAbsent(outputKey(key), key);
      if (other != null) {
        throw collision(name, other, key);
      }
    }
    each(
        name,
        source,
        key -> {
          String other = own.get(outputKey(key));
          if (other != null && !other.equals(key)) {
            throw collision(name, other, key);
          }
        });
  }

  /** Returns the output key of a scene; an invalid key, which fails on its own, has itself. */
  static String outputKey(String sceneKey) {
    try {
      return OutputKey.of(sceneKey);
    } catch (IllegalArgumentException e) {
      return sceneKey;
    }
  }

  /** Returns the error of two scenes with one output. */
  static ConfigurationException collision(String name, String one, String other) {
    return new ConfigurationException(
        "%s: scenes '%s' and '%s' have the same output %s: keep one, or embed them to different --out"
            .formatted(name, one, other, outputKey(one)));
  }

  /**
   * Reads a whole list without holding it in memory.
   *
   * @param name the list and the option that named it, for messages
   * @param source opens the list
   * @param sink receives each key in list order, repeated keys too
   * @return number of keys
   * @throws ConfigurationException if the list is not text or its gzip is broken
   */
  public static long each(String name, Source source, KeySink sink) throws IOException {
    long total = 0;
    try (KeyLines lines = new KeyLines(name, source.open())) {
      for (String key = lines.next(); key != null; key = lines.next()) {
        sink.accept(key);
        total++;
      }
    }
    return total;
  }
}
