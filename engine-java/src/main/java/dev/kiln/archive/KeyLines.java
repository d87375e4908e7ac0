package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads the keys of a text with one key per line: UTF-8, plain or gzip (detected by content), with
 * or without byte order marks, Unix or Windows line ends. Whitespace around keys, blank lines and
 * lines that start with {@code #} are ignored. A key that these rules would change is written after
 * a backslash, and read unchanged. A line that starts with a brace is an item itself. Owns its
 * stream.
 */
final class KeyLines implements AutoCloseable {
  private static final int BUFFER = 1 << 16;
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private final String name;
  private final BoundedLines lines;
  private boolean first = true;
  private boolean item;

  /**
   * Opens a text.
   *
   * @param name the option and the file, for messages
   * @param in the text; closed by this object
   * @throws ConfigurationException if the text starts like gzip but is not
   */
  KeyLines(String name, InputStream in) throws IOException {
    this.name = name;
    try {
      PushbackInputStream bytes = new PushbackInputStream(in, 2);
      byte[] magic = bytes.readNBytes(2);
      bytes.unread(magic);
      boolean gzip = magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
      this.lines =
          new BoundedLines(
              new InputStreamReader(
                  gzip ? new GZIPInputStream(bytes, BUFFER) : bytes,
                  StandardCharsets.UTF_8.newDecoder()),
              ItemLine.MAX_LENGTH);
    } catch (IOException e) {
      in.close();
      throw explain(e);
    }
  }

  /**
   * Returns the next key, or null after the last.
   *
   * @throws ConfigurationException if the text is not UTF-8, its gzip is broken or cut short, or a
   *     line is longer than any key or item
   */
  String next() throws IOException {
    try {
      String line = lines.next();
      while (line != null) {
        if (lines.isTooLong()) {
          throw new ConfigurationException(
              Mismatch.of(
                  where(), "at most %,d characters".formatted(ItemLine.MAX_LENGTH), "more"));
        }
        item = false;
        // Lists that are appended to others have theirs in the middle.
        line = line.startsWith(BYTE_ORDER_MARK) ? line.substring(1) : line;
        if (first) {
          first = false;
          if (isUtf16(line)) {
            throw notUtf8(null);
          }
        }
        if (line.startsWith("\\")) {
          return line.substring(1);
        }
        String key = line.strip();
        if (!key.isEmpty() && key.charAt(0) != '#') {
          item = ItemLine.isItem(key);
          return key;
        }
        line = lines.next();
      }
      return null;
    } catch (IOException e) {
      throw explain(e);
    }
  }

  /** Returns whether the last line is an item itself, and not a key. */
  boolean isItem() {
    return item;
  }

  /** Returns the list and the number of the last line, for messages. */
  String where() {
    return name + ": line " + lines.number();
  }

  /**
   * Returns the next line, or null after the last.
   *
   * @throws ConfigurationException as for {@link #next}, or if an item is damaged
   */
  SceneLine nextLine() throws IOException {
    String text = next();
    if (text == null) {
      return null;
    }
    if (item) {
      return new SceneLine(ItemLine.parse(where(), text).key(), text, true);
    }
    return new SceneLine(text, escaped(text), false);
  }

  /**
   * Returns the line for a key.
   *
   * @param key any key without control characters
   * @return the key, after a backslash if needed
   * @throws IllegalArgumentException if the key is empty, has control characters, or is not valid
   *     Unicode
   */
  static String line(String key) {
    if (key.isEmpty()
        || key.chars().anyMatch(Character::isISOControl)
        || !StandardCharsets.UTF_8.newEncoder().canEncode(key)) {
      throw new IllegalArgumentException(
          "expected Unicode text without control characters, found '" + Printable.of(key) + "'");
    }
    return escaped(key);
  }

  private static String escaped(String key) {
    boolean plain =
        !key.isEmpty()
            && key.equals(key.strip())
            && ("#{\\" + BYTE_ORDER_MARK).indexOf(key.charAt(0)) < 0;
    return plain ? key : "\\" + key;
  }

  /** Returns whether a line is UTF-16 that was read as UTF-8: every second character is NUL. */
  private static boolean isUtf16(String line) {
    if (line.length() < 4) {
      return false;
    }
    int parity = line.charAt(0) == 0 ? 0 : 1;
    for (int i = 0; i < line.length(); i++) {
      if ((line.charAt(i) == 0) != (i % 2 == parity)) {
        return false;
      }
    }
    return true;
  }

  private ConfigurationException notUtf8(IOException cause) {
    return new ConfigurationException(
        name
            + ": expected UTF-8 text with one key per line, found other bytes: convert it, for"
            + " example with iconv -f UTF-16 -t UTF-8",
        cause);
  }

  private IOException explain(IOException e) {
    if (e instanceof CharacterCodingException) {
      throw notUtf8(e);
    }
    if (e instanceof EOFException || e instanceof ZipException) {
      throw new ConfigurationException(
          name + ": damaged gzip (" + e.getMessage() + "): download or write it again", e);
    }
    return e;
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
