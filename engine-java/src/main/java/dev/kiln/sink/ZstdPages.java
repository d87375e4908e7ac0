package dev.kiln.sink;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Compresses Parquet pages with zstd. parquet-java's own codec requires Hadoop's Configuration,
 * which Kiln does not ship.
 */
final class ZstdPages implements BytesInputCompressor {
  private final int level;

  ZstdPages(int level) {
    this.level = level;
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
