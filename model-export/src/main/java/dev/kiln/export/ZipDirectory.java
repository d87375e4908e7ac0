package dev.kiln.export;

import dev.kiln.memory.ByteRange;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Where the entries of a zip file are, so that single entries of a remote file can be fetched.
 * Their content is read by {@link java.util.zip.ZipFile}.
 *
 * @param entries by name: local header, content and padding
 * @see <a href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT">APPNOTE, sections
 *     4.3.12 to 4.3.16</a>
 */
record ZipDirectory(Map<String, ByteRange> entries) {
  private static final int END_BYTES = 22;
  private static final int MAX_COMMENT = 0xFFFF;
  private static final int LOCATOR_BYTES = 20;
  private static final int END64_BYTES = 56;
  private static final int HEADER_BYTES = 46;
  private static final int END = 0x06054b50;
  private static final int LOCATOR = 0x07064b50;
  private static final int END64 = 0x06064b50;
  private static final int HEADER = 0x02014b50;
  private static final long UNKNOWN = 0xFFFFFFFFL;

  /** Most bytes of a directory: real ones take 100 bytes per tensor. */
  private static final long MAX_BYTES = 64L << 20;

  /**
   * Reads the directory of a zip file.
   *
   * @param file the zip file; the directory's bytes are fetched
   * @throws IOException if it is damaged, or two entries have the same name
   */
  static ZipDirectory read(CheckpointFile file) throws IOException {
    try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ)) {
      long size = channel.size();
      long tail = Math.max(0, size - END_BYTES - MAX_COMMENT);
      // Almost no file has a comment, so the end is fetched alone at first.
      long likely = Math.max(tail, size - END_BYTES - LOCATOR_BYTES - END64_BYTES);
      file.fetch(List.of(ByteRange.between(likely, size)));
      ByteBuffer last = read(channel, likely, size - likely);
      int at = end(last);
      long start = likely;
      if (at < 0) {
        file.fetch(List.of(ByteRange.between(tail, size)));
        last = read(channel, tail, size - tail);
        at = end(last);
        start = tail;
      }
      if (at < 0) {
        throw new IOException("no end of the zip directory");
      }
      long count = last.getShort(at + 10) & 0xFFFF;
      long bytes = last.getInt(at + 12) & UNKNOWN;
      long offset = last.getInt(at + 16) & UNKNOWN;
      long end = start + at;
      // ZipFile reads the zip64 records, if there are any, even where these fields suffice.
      long records = Math.max(0, end - LOCATOR_BYTES - END64_BYTES);
      file.fetch(List.of(ByteRange.between(records, size)));
      if (count == 0xFFFF || bytes == UNKNOWN || offset == UNKNOWN) {
        ByteBuffer locator = fetch(file, channel, end - LOCATOR_BYTES, LOCATOR_BYTES);
        if (locator.getInt(0) != LOCATOR) {
          throw new IOException("no locator of the zip64 directory");
        }
        ByteBuffer end64 = fetch(file, channel, locator.getLong(8), END64_BYTES);
        if (end64.getInt(0) != END64) {
          throw new IOException("no end of the zip64 directory");
        }
        count = end64.getLong(32);
        bytes = end64.getLong(40);
        offset = end64.getLong(48);
      }
      if (bytes < 0 || bytes > MAX_BYTES || offset < 0 || offset + bytes > size) {
        throw new IOException("zip directory of " + bytes + " bytes at " + offset);
      }
      return new ZipDirectory(parse(fetch(file, channel, offset, bytes), count, offset));
    }
  }

  /** Returns the position of the record that ends the directory; negative if there is none. */
  private static int end(ByteBuffer tail) {
    for (int at = tail.limit() - END_BYTES; at >= 0; at--) {
      if (tail.getInt(at) == END
          && at + END_BYTES + (tail.getShort(at + 20) & 0xFFFF) <= tail.limit()) {
        return at;
      }
    }
    return -1;
  }

  private static ByteBuffer fetch(
      CheckpointFile file, FileChannel channel, long offset, long length) throws IOException {
    if (offset < 0 || offset > channel.size() - length) {
      throw new EOFException("zip directory outside the file");
    }
    file.fetch(List.of(new ByteRange(offset, length)));
    return read(channel, offset, length);
  }

  private static ByteBuffer read(FileChannel channel, long offset, long length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length)).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, offset + bytes.position()) < 0) {
        throw new EOFException("unexpected end of file");
      }
    }
    return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Map<String, ByteRange> parse(ByteBuffer directory, long count, long end)
      throws IOException {
    Map<String, Long> starts = new LinkedHashMap<>();
    for (int at = 0; at < directory.limit(); ) {
      if (at > directory.limit() - HEADER_BYTES || directory.getInt(at) != HEADER) {
        throw new IOException("no entry at byte " + at + " of the zip directory");
      }
      int nameLength = directory.getShort(at + 28) & 0xFFFF;
      int extraLength = directory.getShort(at + 30) & 0xFFFF;
      int commentLength = directory.getShort(at + 32) & 0xFFFF;
      int next = at + HEADER_BYTES + nameLength + extraLength + commentLength;
      if (next > directory.limit()) {
        throw new EOFException("unexpected end of the zip directory");
      }
      byte[] name = new byte[nameLength];
      directory.get(at + HEADER_BYTES, name);
      long start = directory.getInt(at + 42) & UNKNOWN;
      if (start == UNKNOWN) {
        start = offset64(directory, at, at + HEADER_BYTES + nameLength, extraLength);
      }
      String text = new String(name, StandardCharsets.UTF_8);
      if (start < 0 || start >= end) {
        throw new IOException("entry " + text + " outside the file");
      }
      if (starts.put(text, start) != null) {
        throw new IOException(
            "expected one entry of each name, found two of "
                + text
                + ": the file was altered; download it again");
      }
      at = next;
    }
    if (starts.size() != count) {
      throw new IOException("expected %d zip entries, found %d".formatted(count, starts.size()));
    }
    TreeSet<Long> all = new TreeSet<>(starts.values());
    Map<String, ByteRange> entries = new LinkedHashMap<>();
    starts.forEach(
        (name, start) -> {
          Long next = all.higher(start);
          entries.put(name, ByteRange.between(start, next == null ? end : next));
        });
    return entries;
  }

  /** Returns the offset of an entry from its zip64 field, which holds only what has no room. */
  private static long offset64(ByteBuffer directory, int header, int extra, int length)
      throws IOException {
    for (int at = extra; at + 4 <= extra + length; ) {
      int size = directory.getShort(at + 2) & 0xFFFF;
      if (directory.getShort(at) == 1) {
        int field = at + 4;
        field += (directory.getInt(header + 24) & UNKNOWN) == UNKNOWN ? Long.BYTES : 0;
        field += (directory.getInt(header + 20) & UNKNOWN) == UNKNOWN ? Long.BYTES : 0;
        if (field + Long.BYTES <= at + 4 + size && field + Long.BYTES <= directory.limit()) {
          return directory.getLong(field);
        }
      }
      at += 4 + size;
    }
    throw new IOException("no zip64 offset");
  }
}
