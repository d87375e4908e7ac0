package dev.kiln.sink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;

/** Reads the footer of a Parquet file, wherever its bytes are. */
public final class ParquetFooter {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final int TAIL_BYTES = 8;

  private ParquetFooter() {}

  /**
   * The bytes of a file.
   *
   * @param <X> thrown besides IOException
   */
  public interface Bytes<X extends Exception> {
    /**
     * Reads {@code length} bytes from {@code offset}.
     *
     * @param offset of the first byte
     * @param length in bytes
     * @return exactly these bytes
     * @throws IOException if they cannot be read
     * @throws X the exception of the call
     */
    ByteBuffer read(long offset, int length) throws IOException, X;
  }

  /**
   * {@return the key-value pairs of a file's footer}
   *
   * @param <X> exception of the reader, such as an interrupt
   * @param size of the file in bytes
   * @param bytes reads ranges of the file
   * @throws IOException if the bytes cannot be read, or are not those of a complete Parquet file
   * @throws X the exception of the call
   */
  public static <X extends Exception> Map<String, String> keyValues(long size, Bytes<X> bytes)
      throws IOException, X {
    return pairs(read(size, bytes));
  }

  /**
   * {@return the key-value pairs that have a value, sorted by key} Parquet allows a key without
   * one, which counts as absent.
   */
  static Map<String, String> pairs(ParquetMetadata metadata) {
    TreeMap<String, String> pairs = new TreeMap<>(metadata.getFileMetaData().getKeyValueMetaData());
    pairs.values().removeIf(Objects::isNull);
    return Collections.unmodifiableMap(pairs);
  }

  /** Reads all metadata of a file. */
  static <X extends Exception> ParquetMetadata read(long size, Bytes<X> bytes)
      throws IOException, X {
    return parse(raw(size, bytes));
  }

  /** Returns the serialised footer of a file. */
  static <X extends Exception> ByteBuffer raw(long size, Bytes<X> bytes) throws IOException, X {
    ByteBuffer tail =
        size < TAIL_BYTES + MAGIC.length ? null : bytes.read(size - TAIL_BYTES, TAIL_BYTES).slice();
    if (tail == null
        || tail.order(ByteOrder.BIG_ENDIAN).getInt(4) != ByteBuffer.wrap(MAGIC).getInt()) {
      throw new IOException(
          "expected PAR1 at the end, found none: not a Parquet file, or truncated");
    }
    int footerBytes = tail.order(ByteOrder.LITTLE_ENDIAN).getInt(0);
    long footerAt = size - TAIL_BYTES - footerBytes;
    if (footerBytes < 1 || footerAt < MAGIC.length) {
      throw new IOException(
          "expected a footer within the file's " + size + " bytes, found one of " + footerBytes);
    }
    return bytes.read(footerAt, footerBytes);
  }

  /** Parses a serialised footer. */
  static ParquetMetadata parse(ByteBuffer footer) throws IOException {
    try {
      return new ParquetMetadataConverter()
          .readParquetMetadata(
              ByteBufferInputStream.wrap(footer.duplicate()), ParquetMetadataConverter.NO_FILTER);
    } catch (IOException | RuntimeException e) {
      // Thrift reports bytes that it cannot parse as a socket that was closed.
      IOException damaged =
          new IOException(
              "expected a Parquet footer of %d bytes, found other bytes"
                  .formatted(footer.remaining()));
      damaged.addSuppressed(e);
      throw damaged;
    }
  }
}
