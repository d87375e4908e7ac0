package dev.kiln.sink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.impl.ColumnReaderImpl;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.PrimitiveConverter;

/**
 * Reads the values of a column chunk. Lists whose values are encoded as Kiln writes them, which are
 * nearly all bytes of a file, are decoded page by page; all else by parquet-java, value by value.
 */
final class ColumnValuesReader {
  private ColumnValuesReader() {}

  /**
   * Reads a column chunk.
   *
   * @param rows of its row group
   * @param valueCount of all rows together
   */
  static RowBlock.Values read(RowColumn column, ColumnPages pages, int rows, int valueCount)
      throws IOException {
    if (!column.list()) {
      return column.width() == 0 ? texts(column, pages, rows) : numbers(column, pages, rows);
    }
    Lists lists = new Lists(column, rows, valueCount);
    PageQueue queue = new PageQueue(pages);
    for (DataPage page = queue.peek(); page != null; page = queue.peek()) {
      if (page instanceof DataPageV1 v1 && lists.decodes(v1)) {
        lists.decode(v1);
        queue.readPage();
      } else {
        lists.readRest(queue, valueCount);
        break;
      }
    }
    return lists.values();
  }

  private static ColumnReader reader(RowColumn column, PageReader pages) {
    return new ColumnReaderImpl(column.descriptor(), pages, new PrimitiveConverter() {}, null);
  }

  private static RowBlock.Values numbers(RowColumn column, PageReader pages, int rows) {
    byte[] bytes = new byte[Math.multiplyExact(rows, column.width())];
    ByteBuffer target = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    ColumnReader reader = reader(column, pages);
    int[] ends = new int[rows];
    for (int i = 0; i < rows; i++, reader.consume()) {
      put(column, reader, target);
      ends[i] = target.position();
    }
    return new RowBlock.Values(bytes, ends);
  }

  private static void put(RowColumn column, ColumnReader reader, ByteBuffer target) {
    switch (column.type()) {
      case INT32 -> target.putInt(reader.getInteger());
      case INT64 -> target.putLong(reader.getLong());
      case FLOAT -> target.putInt(Float.floatToRawIntBits(reader.getFloat()));
      case DOUBLE -> target.putLong(Double.doubleToRawLongBits(reader.getDouble()));
      default -> target.put(reader.getBinary().getBytesUnsafe());
    }
  }

  private static RowBlock.Values texts(RowColumn column, PageReader pages, int rows) {
    byte[] bytes = new byte[Math.max(64, rows * 32)];
    int end = 0;
    int[] ends = new int[rows];
    ColumnReader reader = reader(column, pages);
    for (int i = 0; i < rows; i++, reader.consume()) {
      Binary value = reader.getBinary();
      int length = value.length();
      if (end + length > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.addExact(end + length, bytes.length));
      }
      System.arraycopy(value.getBytesUnsafe(), 0, bytes, end, length);
      end += length;
      ends[i] = end;
    }
    return new RowBlock.Values(bytes, ends);
  }

  /** The pages of a chunk, of which the next can be looked at. */
  private static final class PageQueue implements PageReader {
    private final ColumnPages pages;
    private DataPage next;

    PageQueue(ColumnPages pages) {
      this.pages = pages;
    }

    DataPage peek() {
      if (next == null) {
        next = pages.readPage();
      }
      return next;
    }

    @Override
    public DictionaryPage readDictionaryPage() {
      return pages.readDictionaryPage();
    }

    @Override
    public long getTotalValueCount() {
      return pages.getTotalValueCount();
    }

    @Override
    public DataPage readPage() {
      DataPage page = peek();
      next = null;
      return page;
    }
  }

  /** Lists that are being read. */
  private static final class Lists {
    private final RowColumn column;
    private final byte[] bytes;
    private final int[] ends;
    private int end;
    private int row = -1;
    private int read;

    Lists(RowColumn column, int rows, int valueCount) {
      this.column = column;
      this.bytes = new byte[Math.multiplyExact(valueCount, column.width())];
      this.ends = new int[rows];
    }

    boolean decodes(DataPageV1 page) {
      return (page.getValueEncoding() == Encoding.BYTE_STREAM_SPLIT
              || page.getValueEncoding() == Encoding.PLAIN)
          && page.getRlEncoding() == Encoding.RLE
          && page.getDlEncoding() == Encoding.RLE;
    }

    void decode(DataPageV1 page) throws IOException {
      ByteBuffer source =
          ByteBuffer.wrap(page.getBytes().toInputStream().readAllBytes())
              .order(ByteOrder.LITTLE_ENDIAN);
      int count = page.getValueCount();
      RunLengthBitPackingHybridDecoder repetition = levels(source);
      RunLengthBitPackingHybridDecoder definition = levels(source);
      int present = 0;
      for (int i = 0; i < count; i++) {
        boolean first = repetition.readInt() == 0;
        boolean value = definition.readInt() == 1;
        add(first, value);
        present += value ? 1 : 0;
      }
      int width = column.width();
      int from = end - present * width;
      if (source.remaining() < present * width) {
        throw new IOException(
            "expected %d values in a page, found bytes of %d"
                .formatted(present, source.remaining() / width));
      }
      if (page.getValueEncoding() == Encoding.PLAIN) {
        source.get(bytes, from, present * width);
      } else {
        unsplit(source, from, present, width);
      }
    }

    private RunLengthBitPackingHybridDecoder levels(ByteBuffer source) throws IOException {
      int length = source.getInt();
      if (length < 0 || length > source.remaining()) {
        throw new IOException("levels of a page are damaged");
      }
      ByteBuffer levels = source.slice(source.position(), length);
      source.position(source.position() + length);
      return new RunLengthBitPackingHybridDecoder(1, ByteBufferInputStream.wrap(levels));
    }

    private void add(boolean first, boolean value) throws IOException {
      if (first) {
        row++;
        if (row >= ends.length) {
          throw new IOException("expected %d rows, found more".formatted(ends.length));
        }
      } else if (row < 0) {
        throw new IOException("expected the start of a list, found its continuation");
      }
      if (value) {
        end += column.width();
      }
      ends[row] = end;
      read++;
    }

    /** Puts together what was stored as all first bytes, then all second bytes, and so on. */
    private void unsplit(ByteBuffer source, int from, int count, int width) {
      byte[] split = new byte[count * width];
      source.get(split);
      for (int i = 0; i < count; i++) {
        for (int b = 0; b < width; b++) {
          bytes[from + i * width + b] = split[b * count + i];
        }
      }
    }

    void readRest(PageReader pages, int valueCount) throws IOException {
      ColumnReader reader = reader(column, new RestOfPages(pages, valueCount - read));
      ByteBuffer target = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (int left = valueCount - read; left > 0; left--, reader.consume()) {
        boolean value = reader.getCurrentDefinitionLevel() == 1;
        int at = end;
        add(reader.getCurrentRepetitionLevel() == 0, value);
        if (value) {
          put(column, reader, target.position(at));
        }
      }
    }

    RowBlock.Values values() throws IOException {
      if (row + 1 != ends.length) {
        throw new IOException("expected %d rows, found %d".formatted(ends.length, row + 1));
      }
      return new RowBlock.Values(bytes, ends);
    }
  }

  /** Pages that are left of a chunk. */
  private record RestOfPages(PageReader pages, long valueCount) implements PageReader {
    @Override
    public DictionaryPage readDictionaryPage() {
      return pages.readDictionaryPage();
    }

    @Override
    public long getTotalValueCount() {
      return valueCount;
    }

    @Override
    public DataPage readPage() {
      return pages.readPage();
    }
  }
}
