package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Rows of a CSV as S3 Inventory writes it: commas, any field in double quotes, a doubled quote for
 * a quote, no header, Unix or Windows line ends. Works on bytes in one buffer, since most rows are
 * only looked at and left.
 */
final class InventoryCsv {
  /** A row longer than this has lost a quote. */
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
   * @param name what is read, for messages
   * @param in the text; not closed here
   * @param columns fields of a row
   */
  InventoryCsv(String name, InputStream in, int columns) {
    this.name = name;
    this.in = in;
    this.starts = new int[columns];
    this.ends = new int[columns];
  }

  /**
   * Goes to the next row.
   *
   * @return false after the last
   * @throws ConfigurationException if a row has another number of fields, or a quote is never
   *     closed
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

  /** Number of the row at hand, 1 for the first. */
  long row() {
    return row;
  }

  /** Whether a field of the row at hand ends with these bytes. */
  boolean endsWith(int column, byte[] suffix) {
    int from = ends[column] - suffix.length;
    return from >= starts[column]
        && Arrays.equals(buffer, from, ends[column], suffix, 0, suffix.length);
  }

  /** A field of the row at hand, without its quotes. */
  String field(int column) {
    int length = ends[column] - starts[column];
    String text = new String(buffer, starts[column], length, StandardCharsets.UTF_8);
    return text.indexOf('"') < 0 ? text : text.replace("\"\"", "\"");
  }

  /** Byte after the row at {@code position}, or -1 if the buffer does not hold all of it. */
  private int parseRow() {
    byte[] bytes = buffer;
    boolean quoted = false;
    int column = 0;
    int start = position;
    for (int at = position; at < limit; at++) {
      byte b = bytes[at];
      if (b == '"') {
        // A doubled quote closes and opens again, which is the same as being a quote.
        quoted = !quoted;
      } else if (!quoted && (b == ',' || b == '\n')) {
        hold(column++, start, at);
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
    hold(column++, start, limit);
    return complete(column, limit);
  }

  private void hold(int column, int start, int end) {
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

  /** Reads more behind the row that is not whole yet. */
  private void fill() throws IOException {
    System.arraycopy(buffer, position, buffer, 0, limit - position);
    limit -= position;
    position = 0;
    if (limit == buffer.length) {
      if (limit >= LONGEST_ROW) {
        throw fault("longer than " + LONGEST_ROW + " bytes, so that a quote is not closed");
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
