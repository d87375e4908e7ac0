package dev.kiln.archive;

import java.io.IOException;
import java.io.Reader;

/** Lines of a text, none of which is longer than a limit. Owns its reader. */
public final class BoundedLines implements AutoCloseable {
  private static final int BUFFER = 1 << 16;

  private final Reader reader;
  private final int limit;
  private final char[] buffer = new char[BUFFER];
  private int at;
  private int end;
  private boolean afterReturn;
  private long number;
  private boolean tooLong;

  /**
   * Opens a text.
   *
   * @param reader of the text; closed by this object
   * @param limit greatest length of a line in characters
   */
  public BoundedLines(Reader reader, int limit) {
    this.reader = reader;
    this.limit = limit;
  }

  /**
   * {@return the next line without its end; null after the last} Of a line that is too long, only
   * the beginning is returned.
   *
   * @throws IOException if the text cannot be read
   */
  public String next() throws IOException {
    StringBuilder line = new StringBuilder();
    boolean any = false;
    tooLong = false;
    while (at < end || fill()) {
      if (afterReturn && buffer[at] == '\n') {
        afterReturn = false;
        at++;
        continue;
      }
      afterReturn = false;
      any = true;
      int start = at;
      while (at < end && buffer[at] != '\n' && buffer[at] != '\r') {
        at++;
      }
      int room = limit - line.length();
      tooLong |= at - start > room;
      line.append(buffer, start, Math.min(at - start, room));
      if (at < end) {
        afterReturn = buffer[at++] == '\r';
        break;
      }
    }
    if (!any) {
      return null;
    }
    number++;
    return line.toString();
  }

  private boolean fill() throws IOException {
    at = 0;
    end = Math.max(0, reader.read(buffer));
    return end > 0;
  }

  /** {@return the number of the last line, from 1} */
  public long number() {
    return number;
  }

  /** {@return whether the last line was longer than the limit} */
  public boolean isTooLong() {
    return tooLong;
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
