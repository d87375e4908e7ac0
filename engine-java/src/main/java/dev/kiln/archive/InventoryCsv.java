package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the rows of a CSV file of S3 Inventory: fields separated by commas, optionally in double
 * quotes, with quotes doubled; no header; Unix or Windows line ends. Fields stay bytes in one
 * buffer until they are requested, because most rows are skipped.
 */
final class InventoryCsv {
  /** A longer row has an unclosed quote. */
  private static final int LONGEST_ROW = 1 << 20;

  private final String name;
  private final InputStream in;
  private final int[] starts;
  private final int[] ends;
  private byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;
  private boolean ended;
  private long row;

  /**
   * Creates a reader.
   *
   * @param name of the file, for messages
   * @param in the text; the caller closes it
   * @param columns number of fields per row
   */
  InventoryCsv(String name, InputStream in, int columns) {
    this.name = name;
    this.in = in;
    this.starts = new int[columns];
    this.ends = new int[columns];
  }

  /**
   * Advances to the next row.
   *
   * @return false after the last row
   * @throws ConfigurationException if the row has another number of fields or an unclosed quote
   */
  boolean next() throws IOException {
    int end = parseRow();
    while (end < 0) {
      if (ended) {
        return false;
      }
      fill();
      end = parseRow();
    }
    position = end;
    row++;
    return true;
  }

  /** Returns the number of the current row, 1 for the first. */
  long row() {
    return row;
  }

  /** Returns whether a field of the current row ends with the given bytes. */
  boolean endsWith(int column, byte[] suffix) {
    int from = ends[column] - suffix.length;
    return from >= starts[column]
        && Arrays.equals(buffer, from, ends[column], suffix, 0, suffix.length);
  }

  /** Returns a field of the current row, without its quotes. */
  String field(int column) {
    int length = ends[column] - starts[column];
    String text = new String(buffer, starts[column], length, StandardCharsets.UTF_8);
    return text.indexOf('"') < 0 ? text : text.replace("\"\"", "\"");
  }

  /**
   * Parses the row at {@code position}.
   *
   * @return the offset of the byte after the row, or -1 if the buffer does not contain the whole
   *     row
   */
  private int parseRow() {
    byte[] bytes = buffer;
    boolean quoted = false;
    int column = 0;
    int start = position;
    for (int at = position; at < limit; at++) {
      byte b = bytes[at];
      if (b == '"') {
        // A doubled quote closes and reopens the field, so it needs no case of its own.
        quoted = !quoted;
      } else if (!quoted && (b == ',' || b == '\n')) {
        mark(column++, start, at);
        start = at + 1;
        if (b == '\n') {
          return complete(column, start);
        }
      }
    }
    if (!ended || position == limit) {
      return -1;
    }
    if (quoted) {
      throw fault("a quote is not closed");
    }
    mark(column++, start, limit);
    return complete(column, limit);
  }

  private void mark(int column, int start, int end) {
    if (column < starts.length) {
      int last = end > start && buffer[end - 1] == '\r' ? end - 1 : end;
      boolean quotes = last - start >= 2 && buffer[start] == '"' && buffer[last - 1] == '"';
      starts[column] = quotes ? start + 1 : start;
      ends[column] = quotes ? last - 1 : last;
    }
  }

  private int complete(int columns, int end) {
    if (columns != starts.length) {
      throw fault("expected " + starts.length + " fields, found " + columns);
    }
    return end;
  }

  /** Reads more bytes after the incomplete row. */
  private void fill() throws IOException {
    System.arraycopy(buffer, position, buffer, 0, limit - position);
    limit -= position;
    position = 0;
    if (limit == buffer.length) {
      if (limit >= LONGEST_ROW) {
        throw fault("longer than " + LONGEST_ROW + " bytes: a quote is not closed");
      }
      buffer = Arrays.copyOf(buffer, 2 * limit);
    }
    int read = in.read(buffer, limit, buffer.length - limit);
    ended = read < 0;
    limit += Math.max(read, 0);
  }

  private ConfigurationException fault(String found) {
    return new ConfigurationException(name + ", row " + (row + 1) + ": " + found);
  }
}
