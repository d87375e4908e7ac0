package dev.kiln.dataset.merge;

import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file that is read with one request if it is small, as most files of scenes are, and in parts
 * otherwise. A read of each of its columns would take longer than a read of all of it.
 */
final class SmallFile implements ParquetBytes {
  private static final long SMALL = 16 << 20;

  private final ParquetBytes file;
  private final ByteBuffer whole;

  /**
   * Reads the file if it is small.
   *
   * @param file owned from now on
   */
  SmallFile(ParquetBytes file) throws IOException {
    this.file = file;
    this.whole = file.size() <= SMALL ? file.read(0, (int) file.size()) : null;
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public ByteBuffer read(long offset, int length) throws IOException {
    if (whole == null) {
      return file.read(offset, length);
    }
    if (offset < 0 || length < 0 || offset > whole.capacity() - length) {
      throw new IOException(
          "expected %d bytes at byte %d, found a file of %d bytes"
              .formatted(length, offset, whole.capacity()));
    }
    return whole.slice((int) offset, length);
  }

  @Override
  public void close() {
    file.close();
  }
}
