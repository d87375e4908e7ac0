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
 * The part of a scene list that belongs to one shard. The list is text with one key per line, plain
 * or gzip. Only the keys of the shard are kept in memory.
 *
 * @param keys the shard's keys in list order, each once
 * @param total number of keys in the whole list
 * @param duplicates repeated keys within the shard's part, once per repetition; not in {@code keys}
 * @param sha256 hash of all keys of the list, each with a line feed, hexadecimal
 * @param description the selected scenes and their selection, for the log
 */
public record SceneList(
    List<String> keys, long total, List<String> duplicates, String sha256, String description) {

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
    Set<String> suffixes = new HashSet<>();
    MessageDigest digest = Sha256.digest();
    long total = 0;
    try (KeyLines lines = new KeyLines(name, source.open())) {
      for (String key = lines.next(); key != null; key = lines.next()) {
        digest.update((key + "\n").getBytes(StandardCharsets.UTF_8));
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
    return new SceneList(
        List.copyOf(keys),
        total,
        duplicates,
        HexFormat.of().formatHex(digest.digest()),
        shard.describe(total));
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
