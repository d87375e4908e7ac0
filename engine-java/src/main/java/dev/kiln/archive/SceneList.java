package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.io.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The part of a scene list that belongs to one shard. The list is text, plain or gzip, with one key
 * or one STAC item per line. Only what belongs to the shard is kept in memory.
 *
 * @param keys the shard's keys in list order, each once
 * @param total number of keys in the whole list
 * @param duplicates repeated keys within the shard's part, once per repetition; not in {@code keys}
 * @param sha256 hash of all keys and items of the list, each with a line feed, hexadecimal
 * @param description the selected scenes and their selection, for the log
 * @param items items that the list has itself, as JSON, by key
 */
public record SceneList(
    List<String> keys,
    long total,
    List<String> duplicates,
    String sha256,
    String description,
    Map<String, String> items) {
  /** Part of the Java heap that the items of one job may take. */
  private static final int HEAP_PART = 4;

  /** Opens the list; called up to three times. */
  @FunctionalInterface
  public interface Source {
    /**
     * Opens the list from its start.
     *
     * @return the text, which the caller closes
     * @throws IOException if it cannot be opened
     */
    InputStream open() throws IOException;
  }

  /** Copies the lists. */
  public SceneList {
    keys = List.copyOf(keys);
    duplicates = List.copyOf(duplicates);
    items = Map.copyOf(items);
  }

  /**
   * Reads the shard's part of a list.
   *
   * @param name the option and the list, for messages
   * @param source opens the list
   * @param shard whose scenes are returned
   * @return the shard's scenes
   * @throws ConfigurationException if the list is not text, its gzip is damaged, it is empty, or a
   *     scene of the shard has the same output as another
   * @throws IOException if the list cannot be read
   */
  public static SceneList read(String name, Source source, Shard shard) throws IOException {
    // Only slices by the number of shards depend on the list's length.
    long length = shard.needsTotal() ? each(name, source, key -> {}) : Long.MAX_VALUE;
    Shard.Slice slice = shard.slice(length);
    Collection<String> keys = new LinkedHashSet<>();
    List<String> duplicates = new ArrayList<>();
    Set<String> kinds = new HashSet<>();
    Map<String, String> items = new HashMap<>();
    MessageDigest digest = Sha256.digest();
    long room = Runtime.getRuntime().maxMemory() / HEAP_PART;
    long total = 0;
    try (KeyLines lines = new KeyLines(name, source.open())) {
      for (SceneLine line = lines.nextLine(); line != null; line = lines.nextLine()) {
        String key = line.key();
        String hashed = line.isItem() ? line.text() : key;
        digest.update((hashed + "\n").getBytes(StandardCharsets.UTF_8));
        kinds.add(OutputKey.kind(key));
        boolean selected = total >= slice.from() && total < slice.to();
        if (selected && !keys.add(key)) {
          duplicates.add(key);
        } else if (selected && line.isItem()) {
          items.put(key, line.text());
          room -= line.text().length();
        }
        if (room < 0) {
          throw new ConfigurationException(
              "%s: the items of %,d scenes do not fit into memory: divide the list with --index and --items-per-job"
                  .formatted(name, items.size()));
        }
        total++;
      }
    }
    if (total == 0) {
      throw new ConfigurationException(
          Mismatch.of(name, "at least one scene", "an empty list: write it with kiln manifest"));
    }
    if (kinds.size() > 1 || kinds.contains(OutputKey.AMBIGUOUS)) {
      requireDistinctOutputs(name, source, keys);
    }
    return new SceneList(
        List.copyOf(keys),
        total,
        duplicates,
        HexFormat.of().formatHex(digest.digest()),
        shard.describe(total),
        items);
  }

  /**
   * Selects the shard's part of keys that are known already.
   *
   * @param name what names the keys, for messages
   * @param keys of all scenes
   * @param shard whose scenes are selected
   * @return the shard's scenes
   * @throws ConfigurationException as for {@link #read}, or if a key has control characters
   * @throws IOException if the keys cannot be read
   */
  public static SceneList of(String name, List<String> keys, Shard shard) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (String key : keys) {
      try {
        lines.append(KeyLines.line(key)).append('\n');
      } catch (IllegalArgumentException e) {
        throw new ConfigurationException(
            name + ": the key '" + Printable.of(key) + "' cannot be listed: " + e.getMessage(), e);
      }
    }
    byte[] list = lines.toString().getBytes(StandardCharsets.UTF_8);
    return read(name, () -> new ByteArrayInputStream(list), shard);
  }

  /**
   * Compares the outputs of the shard's scenes with those of the whole list. Most lists have keys
   * of one kind and do not need it.
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

  /**
   * Returns the output key of a scene, or the scene key itself if it is invalid, which fails only
   * that scene.
   */
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
        "%s: scenes '%s' and '%s' have the same output %s: keep one, or embed them with different --out"
            .formatted(name, one, other, outputKey(one)));
  }

  /**
   * Streams a whole list.
   *
   * @param name the option and the list, for messages
   * @param source opens the list
   * @param sink receives each key in list order, including repeated keys
   * @return number of keys
   * @throws ConfigurationException if the list is not text or its gzip is damaged
   * @throws IOException if the list cannot be read, or from {@code sink}
   */
  public static long each(String name, Source source, KeySink sink) throws IOException {
    return lines(name, source, line -> sink.accept(line.key()));
  }

  /**
   * Streams the lines of a whole list.
   *
   * @param name the option and the list, for messages
   * @param source opens the list
   * @param sink receives each line in list order, including repeated keys
   * @return number of lines
   * @throws ConfigurationException if the list is not text, its gzip is damaged, or an item is not
   *     JSON
   * @throws IOException if the list cannot be read, or from {@code sink}
   */
  public static long lines(String name, Source source, SceneLine.Sink sink) throws IOException {
    long total = 0;
    try (KeyLines lines = new KeyLines(name, source.open())) {
      for (SceneLine line = lines.nextLine(); line != null; line = lines.nextLine()) {
        sink.accept(line);
        total++;
      }
    }
    return total;
  }
}
