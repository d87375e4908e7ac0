package dev.kiln.sink;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.util.Native;
import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;

/**
 * Compresses Parquet pages with zstd. parquet-java's own codec requires Hadoop's Configuration,
 * which Kiln does not ship.
 */
final class ZstdPages implements BytesInputCompressor {
  private final int level;

  /**
   * Loads the native library of zstd, which unpacks itself to {@code java.io.tmpdir} unless it is
   * installed.
   *
   * @throws ConfigurationException if it cannot be loaded
   */
  static void load() {
    try {
      Native.load();
    } catch (LinkageError | RuntimeException e) {
      throw new ConfigurationException(
          "cannot load zstd from java.io.tmpdir %s (%s): make the directory writable or set another with -Djava.io.tmpdir in KILN_JAVA_OPTS"
              .formatted(System.getProperty("java.io.tmpdir"), e.getMessage()),
          e);
    }
  }

  private ZstdPages(int level) {
    this.level = level;
  }

  /**
   * Opens the pages of a row group, in Java memory.
   *
   * @param schema of the file
   * @param level of the compression
   * @return the pages, which the caller closes
   */
  static ColumnChunkPageWriteStore open(MessageType schema, int level) {
    ZstdPages zstd = new ZstdPages(level);
    return ColumnChunkPageWriteStore.builder()
        .withSchema(schema)
        .withAllocator(HeapByteBufferAllocator.getInstance())
        .withCompressorProvider(column -> zstd)
        .withPageWriteChecksumEnabled(true)
        .build();
  }

  @Override
  public BytesInput compress(BytesInput page) throws IOException {
    return BytesInput.from(Zstd.compress(page.toInputStream().readAllBytes(), level));
  }

  @Override
  public CompressionCodecName getCodecName() {
    return CompressionCodecName.ZSTD;
  }

  /** Does nothing: there is nothing to release. */
  @Override
  public void release() {}
}
