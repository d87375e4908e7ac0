package dev.kiln.sink;

import java.util.Arrays;
import java.util.Optional;
import org.apache.parquet.column.statistics.BinaryStatistics;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;

/** The values of a column of texts in one row group, nulls apart, in the order of UTF-8 bytes. */
public final class TextRange {
  private final byte[] min;
  private final byte[] max;

  private TextRange(byte[] min, byte[] max) {
    this.min = min;
    this.max = max;
  }

  /** Returns the range that the file records, if it records one. */
  static Optional<TextRange> of(ColumnChunkMetaData chunk) {
    return chunk.getStatistics() instanceof BinaryStatistics statistics
            && statistics.hasNonNullValue()
        ? Optional.of(
            new TextRange(
                statistics.genericGetMin().getBytes(), statistics.genericGetMax().getBytes()))
        : Optional.empty();
  }

  /**
   * {@return whether a text can be among the values} The limits may be shortened.
   *
   * @param utf8 a text
   */
  public boolean mayContain(byte[] utf8) {
    boolean below = Arrays.compareUnsigned(utf8, min) < 0;
    // A writer that shortens the greatest value need not round it up.
    int prefix = Math.min(utf8.length, max.length);
    boolean above = Arrays.compareUnsigned(utf8, 0, prefix, max, 0, max.length) > 0;
    return !below && !above;
  }
}
