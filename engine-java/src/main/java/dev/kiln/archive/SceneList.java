package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * One shard's part of a scene list. The list is text with one key a line, plain or gzip; blank
 * lines and lines that begin with {@code #} do not count. Only the shard's own keys are held.
 *
 * @param keys the shard's keys in list order, each once
 * @param total keys in the whole list
 * @param duplicates keys that stood again within the shard's part, once for each time; dropped from
 *     {@code keys}
 * @param description which scenes of how many, and why these, for the log
 */
public record SceneList(
    List<String> keys, long total, List<String> duplicates, String description) {

  /** Opens the list, once or twice. */
  @FunctionalInterface
  public interface Source {
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
   * @throws ConfigurationException if the list is not text or its gzip is broken
   */
  public static SceneList read(String name, Source source, Shard shard) throws IOException {
    // Slices by number of shards depend on the list's length; the others only end with it.
    long length = shard.needsTotal() ? each(name, source, key -> {}) : Long.MAX_VALUE;
    Shard.Slice slice = shard.slice(length);
    Collection<String> keys = new LinkedHashSet<>();
    List<String> duplicates = new ArrayList<>();
    long total = 0;
    try (KeyLines lines = new KeyLines(name, source.open())) {
      for (String key = lines.next(); key != null; key = lines.next()) {
        if (total >= slice.from() && total < slice.to() && !keys.add(key)) {
          duplicates.add(key);
        }
        total++;
      }
    }
    return new SceneList(List.copyOf(keys), total, duplicates, shard.describe(total));
  }

  /**
   * Reads a list through without holding it.
   *
   * @param sink is given each key in list order, those that stand again too
   * @return how many keys it has
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
