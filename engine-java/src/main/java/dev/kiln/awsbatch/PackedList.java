package dev.kiln.awsbatch;

import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.OutputKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;

/**
 * A scene list as it is laid beside the output for all jobs to read: keys alone, one a line, gzip.
 * What stands between the keys does not change it, so its hash is that of the keys.
 *
 * @param scenes keys in it
 * @param sha256 of the lines before they are packed, hexadecimal
 * @param duplicates keys that stand there more than once, each counted for every time but one
 * @param gzip the packed bytes
 */
public record PackedList(long scenes, String sha256, long duplicates, byte[] gzip) {
  /** Takes keys one by one. */
  public static final class Builder {
    private final ByteArrayOutputStream packed = new ByteArrayOutputStream();
    private final MessageDigest digest = digest256();
    private final OutputStream lines;
    private long[] hashes = new long[1 << 10];
    private int size;

    public Builder() throws IOException {
      lines = new DigestOutputStream(new GZIPOutputStream(packed, 1 << 16), digest);
    }

    /** Appends a key. */
    public void add(String key) throws IOException {
      lines.write((key + "\n").getBytes(StandardCharsets.UTF_8));
      if (size == hashes.length) {
        hashes = Arrays.copyOf(hashes, size * 2);
      }
      hashes[size++] = hash(key);
    }

    /** The list of all keys that were added. */
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
     * Of 64 bits, FNV-1a with a last mix: among ten million keys two are the same by chance 3 times
     * in a million.
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
   * Reads a list through.
   *
   * @param option that named it, with its value, for messages
   * @throws ConfigurationException if there is no such list, it may not be read, it is empty, or a
   *     key in it names no file below the output
   */
  public static PackedList of(String option, SceneList.Source source) throws IOException {
    Builder builder = new Builder();
    try {
      SceneList.each(
          option,
          source,
          key -> {
            requireName(option, key);
            builder.add(key);
          });
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(option + ": there is no such file", e);
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(option + ": may not be read: " + e.getReason(), e);
    }
    PackedList list = builder.build();
    if (list.scenes == 0) {
      throw new ConfigurationException(
          option + ": the list is empty; write one with kiln manifest");
    }
    return list;
  }

  private static void requireName(String option, String key) {
    try {
      OutputKey.of(key);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(option + ": " + e.getMessage(), e);
    }
  }

  /** Where it lies in the output. */
  public String key() {
    return key(sha256);
  }

  static String key(String sha256) {
    return "_kiln/lists/" + sha256 + ".txt.gz";
  }

  static MessageDigest digest256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has it", e);
    }
  }
}
