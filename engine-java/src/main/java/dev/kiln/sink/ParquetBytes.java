package dev.kiln.sink;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The bytes of one Parquet file, wherever it is stored. Safe for use by several threads. */
public interface ParquetBytes extends AutoCloseable {
  /** {@return the full name of the file, for messages: a path or a URI} */
  String name();

  /** {@return the size of the file in bytes} */
  long size();

  /**
   * Reads some bytes.
   *
   * @param offset of the first
   * @param length number of bytes; they are within the file
   * @return a buffer of its own, from position 0
   * @throws IOException if they cannot be read
   */
  ByteBuffer read(long offset, int length) throws IOException;

  @Override
  void close();

  /**
   * Opens a file of this machine. It stays the same file, even if another one takes its name.
   *
   * @param path of the file
   * @return its bytes, which the caller closes
   * @throws IOException if it cannot be opened
   */
  static ParquetBytes open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new LocalBytes(path, channel, channel.size());
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  /**
   * An open file of this machine.
   *
   * @param path of the file
   * @param channel owned
   * @param size in bytes
   */
  record LocalBytes(Path path, FileChannel channel, long size) implements ParquetBytes {
    @Override
    public String name() {
      return path.toString();
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.allocate(length);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, offset + buffer.position()) < 0) {
          throw new EOFException("the file ends before byte " + (offset + length));
        }
      }
      return buffer.flip();
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // Nothing was written, so nothing is lost.
      }
    }
  }
}
