package dev.kiln.awsbatch;

import dev.kiln.archive.OutputKey;
import dev.kiln.archive.SceneLine;
import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import dev.kiln.io.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;

/**
 * Scene list in the form that is stored in the output for all jobs to read: one key or item per
 * line, compressed with gzip. Comments and blank lines of the original are dropped, so the hash
 * depends on the keys and items alone.
 *
 * @param scenes number of keys
 * @param sha256 hash of the uncompressed lines, hexadecimal
 * @param duplicates number of keys that repeat an earlier one
 * @param gzip compressed bytes
 */
public record PackedList(long scenes, String sha256, long duplicates, byte[] gzip) {
  /** Builder that takes scene keys one by one. */
  public static final class Builder {
    private final ByteArrayOutputStream packed = new ByteArrayOutputStream();
    private final MessageDigest digest = Sha256.digest();
    private final OutputStream lines;
    private long[] hashes = new long[1 << 10];
    private int size;

    /** Creates an empty list. */
    public Builder() throws IOException {
      lines = new DigestOutputStream(new GZIPOutputStream(packed, 1 << 16), digest);
    }

    /** Appends a scene key that a list can have as it is. */
    public void add(String sceneKey) throws IOException {
      add(new SceneLine(sceneKey, sceneKey, false));
    }

    /** Appends a line of another list. */
    public void add(SceneLine line) throws IOException {
      lines.write((line.text() + "\n").getBytes(StandardCharsets.UTF_8));
      if (size == hashes.length) {
        hashes = Arrays.copyOf(hashes, size * 2);
      }
      hashes[size++] = hash(line.key());
    }

    /** Returns the list; nothing can be added afterwards. */
    public PackedList build() throws IOException {
      lines.close();
      long[] sorted = Arrays.copyOf(hashes, size);
      Arrays.parallelSort(sorted);
      long duplicates = 0;
      for (int i = 1; i < size; i++) {
        duplicates += sorted[i] == sorted[i - 1] ? 1 : 0;
      }
      return new PackedList(
          size, HexFormat.of().formatHex(digest.digest()), duplicates, packed.toByteArray());
    }

    /**
     * 64-bit FNV-1a with a final mix. Among ten million keys the probability of a collision is
     * 3·10⁻⁶.
     */
    private static long hash(String key) {
      long h = 0xcbf29ce484222325L;
      for (int i = 0; i < key.length(); i++) {
        h = (h ^ key.charAt(i)) * 0x100000001b3L;
      }
      h = (h ^ (h >>> 32)) * 0xd6e8feb86659fd93L;
      return h ^ (h >>> 32);
    }
  }

  /**
   * Reads a scene list.
   *
   * @param option option that named the list and its value, for messages
   * @throws ConfigurationException if the list is missing, unreadable or empty, or a key has no
   *     output key
   */
  public static PackedList of(String option, SceneList.Source source) throws IOException {
    Builder builder = new Builder();
    try {
      SceneList.lines(
          option,
          source,
          line -> {
            requireOutputKey(option, line.key());
            builder.add(line);
          });
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(option + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(option + ": access denied: " + e.getReason(), e);
    }
    PackedList list = builder.build();
    if (list.scenes == 0) {
      throw new ConfigurationException(
          option + ": the scene list is empty; write one with kiln manifest");
    }
    return list;
  }

  private static void requireOutputKey(String option, String sceneKey) {
    try {
      OutputKey.of(sceneKey);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(option + ": " + e.getMessage(), e);
    }
  }

  /** Returns the object key of the list in the output. */
  public String objectKey() {
    return objectKey(sha256);
  }

  static String objectKey(String sha256) {
    return "_kiln/lists/" + sha256 + ".txt.gz";
  }
}
