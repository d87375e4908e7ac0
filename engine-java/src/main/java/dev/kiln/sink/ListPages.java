package dev.kiln.sink;

import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.bytes.ByteBufferAllocator;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridValuesWriter;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * Lists of floating-point numbers of one row group, collected row by row and written as pages:
 * float32 and float64 in BYTE_STREAM_SPLIT, as {@link VectorPages} does for vectors of equal
 * length, others in PLAIN.
 */
final class ListPages {
  /** Parquet's default page size. */
  private static final int PAGE_BYTES = 1 << 20;

  private final RowColumn column;
  private final ByteBufferAllocator allocator;
  private byte[] bytes = new byte[1 << 16];
  private int[] counts = new int[256];
  private int end;
  private int rows;

  ListPages(RowColumn column, ByteBufferAllocator allocator) {
    this.column = column;
    this.allocator = allocator;
  }

  /**
   * Adds the list of a row.
   *
   * @param source positioned at the number of values, which precede the values; advanced
   */
  void add(ByteBuffer source) {
    int count = source.getInt();
    int length = Math.multiplyExact(count, column.width());
    reserve(length);
    source.get(bytes, end, length);
    end += length;
    counts[rows++] = count;
  }

  /** Adds a list of float16 values. */
  void addHalves(float[] values, int at, int count) {
    int length = count * Short.BYTES;
    reserve(length);
    for (int i = 0; i < count; i++) {
      int bits = DataType.FP16.toBits(values[at + i]);
      bytes[end + 2 * i] = (byte) bits;
      bytes[end + 2 * i + 1] = (byte) (bits >>> 8);
    }
    end += length;
    counts[rows++] = count;
  }

  private void reserve(int length) {
    if (end + length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(end, length), bytes.length * 2));
    }
    if (rows == counts.length) {
      counts = Arrays.copyOf(counts, rows * 2);
    }
  }

  /** Writes all rows, and forgets them. */
  void write(PageWriter pages) throws IOException {
    int at = 0;
    for (int row = 0; row < rows; ) {
      int next = row;
      int length = 0;
      do {
        length += counts[next++] * column.width();
      } while (next < rows && length + counts[next] * column.width() <= PAGE_BYTES);
      writePage(pages, row, next, at, length);
      at += length;
      row = next;
    }
    end = 0;
    rows = 0;
  }

  private void writePage(PageWriter pages, int row, int end, int at, int length)
      throws IOException {
    int values = length / column.width();
    int entries = 0;
    // Not every reader knows it for other types.
    boolean split =
        column.type() == PrimitiveTypeName.FLOAT || column.type() == PrimitiveTypeName.DOUBLE;
    try (RunLengthBitPackingHybridValuesWriter repetition = levels(values);
        RunLengthBitPackingHybridValuesWriter definition = levels(values)) {
      for (int r = row; r < end; r++) {
        repetition.writeInteger(0);
        definition.writeInteger(counts[r] == 0 ? 0 : 1);
        for (int i = 1; i < counts[r]; i++) {
          repetition.writeInteger(1);
          definition.writeInteger(1);
        }
        entries += Math.max(1, counts[r]);
      }
      pages.writePage(
          BytesInput.concat(
              repetition.getBytes(),
              definition.getBytes(),
              split ? BytesInput.from(split(at, length)) : BytesInput.from(bytes, at, length)),
          entries,
          end - row,
          statistics(at, length),
          Encoding.RLE,
          Encoding.RLE,
          split ? Encoding.BYTE_STREAM_SPLIT : Encoding.PLAIN);
    }
  }

  /** Both levels are 0 or 1, so one bit each. */
  private RunLengthBitPackingHybridValuesWriter levels(int count) {
    return new RunLengthBitPackingHybridValuesWriter(1, 64, Math.max(64, count / 8), allocator);
  }

  /** Returns the first bytes of all values, then the second bytes, and so on. */
  private byte[] split(int at, int length) {
    int width = column.width();
    int count = length / width;
    byte[] split = new byte[length];
    for (int i = 0; i < count; i++) {
      for (int b = 0; b < width; b++) {
        split[b * count + i] = bytes[at + i * width + b];
      }
    }
    return split;
  }

  /** Returns minimum and maximum of floats; neither if a value is NaN, because NaN has no order. */
  private Statistics<?> statistics(int at, int length) {
    Statistics<?> statistics = Statistics.createStats(column.descriptor().getPrimitiveType());
    if (column.type() != PrimitiveTypeName.FLOAT) {
      return statistics;
    }
    float least = Float.POSITIVE_INFINITY;
    float greatest = Float.NEGATIVE_INFINITY;
    ByteBuffer floats = ByteBuffer.wrap(bytes, at, length).order(ByteOrder.LITTLE_ENDIAN);
    while (floats.hasRemaining()) {
      float value = floats.getFloat();
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
    if (!Float.isNaN(least) && least <= greatest) {
      statistics.updateStats(least);
      statistics.updateStats(greatest);
    }
    return statistics;
  }
}
