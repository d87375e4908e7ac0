package dev.kiln.sink;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * The bytes of one column chunk, front to back, read in windows: a chunk can be larger than the
 * memory.
 */
final class ChunkInput extends InputStream {
  private static final int WINDOW_BYTES = 2 << 20;

  private final ParquetBytes file;
  private final long begin;
  private final long length;
  private ByteBuffer window = ByteBuffer.allocate(0);
  private long windowEnd;

  /**
   * Creates an input.
   *
   * @param file borrowed
   * @param begin offset of the chunk in the file
   * @param length of the chunk in bytes
   */
  ChunkInput(ParquetBytes file, long begin, long length) throws IOException {
    if (begin < 0 || length < 0 || length > file.size() - begin) {
      throw new EOFException(
          "expected a column of %d bytes at byte %d, found a file of %d bytes"
              .formatted(length, begin, file.size()));
    }
    this.file = file;
    this.begin = begin;
    this.length = length;
  }

  /** Returns the offset of the next byte in the chunk. */
  long position() {
    return windowEnd - window.remaining();
  }

  /** Returns the next bytes, which stay valid. */
  ByteBuffer slice(int count) throws IOException {
    require(count);
    ByteBuffer slice = window.slice(window.position(), count);
    window.position(window.position() + count);
    return slice;
  }

  /** Skips bytes without reading them. */
  void skipBytes(int count) throws IOException {
    long target = position() + count;
    if (count < 0 || target > length) {
      throw ends(count);
    }
    if (count <= window.remaining()) {
      window.position(window.position() + count);
    } else {
      window = ByteBuffer.allocate(0);
      windowEnd = target;
    }
  }

  @Override
  public int read() throws IOException {
    if (position() == length) {
      return -1;
    }
    require(1);
    return window.get() & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int count) throws IOException {
    int n = (int) Math.min(count, length - position());
    if (n == 0) {
      return count == 0 ? 0 : -1;
    }
    require(n);
    window.get(target, offset, n);
    return n;
  }

  private void require(int count) throws IOException {
    if (count >= 0 && count <= window.remaining()) {
      return;
    }
    long at = position();
    if (count < 0 || count > length - at) {
      throw ends(count);
    }
    int size = (int) Math.min(Math.max(count, WINDOW_BYTES), length - at);
    window = file.read(begin + at, size);
    windowEnd = at + size;
  }

  private EOFException ends(int count) {
    return new EOFException(
        "expected %d bytes at byte %d of a column, found %d"
            .formatted(count, position(), length - position()));
  }
}
