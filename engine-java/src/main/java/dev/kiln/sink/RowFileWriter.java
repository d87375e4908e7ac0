package dev.kiln.sink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.locationtech.jts.geom.Envelope;

/**
 * Writes packed rows ({@link RowBlock}) as a Parquet file of many row groups, compressed with zstd.
 * Holds one row group in memory. The same rows give the same bytes.
 */
public final class RowFileWriter implements AutoCloseable {
  /** With byte-split vectors, level 1 is faster and smaller than the default level 3. */
  private static final int ZSTD_LEVEL = 1;

  private static final ParquetProperties PROPERTIES = ParquetProperties.builder().build();

  private final ParquetFileWriter file;
  private final MessageType schema;
  private final List<RowColumn> columns;
  private final ListPages[] lists;
  private RowGroup group;
  private long rows;
  private boolean finished;

  /**
   * Creates a file.
   *
   * @param path replaced if it exists
   * @param schema of the rows
   * @throws IOException if the file cannot be written
   */
  public RowFileWriter(Path path, RowSchema schema) throws IOException {
    this.schema = schema.message();
    this.columns = RowColumn.of(this.schema);
    this.lists = new ListPages[columns.size()];
    for (int c = 0; c < lists.length; c++) {
      if (columns.get(c).hasListPages()) {
        lists[c] = new ListPages(columns.get(c), HeapByteBufferAllocator.getInstance());
      }
    }
    this.file =
        new ParquetFileWriter(
            new LocalOutputFile(path),
            this.schema,
            ParquetFileWriter.Mode.OVERWRITE,
            ParquetWriter.DEFAULT_BLOCK_SIZE,
            ParquetWriter.MAX_PADDING_SIZE_DEFAULT,
            null,
            PROPERTIES);
    file.start();
  }

  /** {@return the number of rows of all row groups} */
  public long rows() {
    return rows;
  }

  /**
   * Adds a row to the row group.
   *
   * @param row little-endian; advanced by the size of the row
   */
  public void add(ByteBuffer row) {
    if (group == null) {
      group = new RowGroup();
    }
    group.add(row);
    rows++;
  }

  /**
   * Writes the rows that were added since the last call, if there are any, as a row group.
   *
   * @throws IOException if the file cannot be written
   */
  public void endRowGroup() throws IOException {
    if (group != null) {
      group.write();
      group = null;
    }
  }

  /**
   * Writes the footer.
   *
   * @param geometryTypes that occur, such as {@code Polygon}
   * @param bounds of all geometries in degrees; null without one
   * @param keys further key-value pairs, in their order
   * @throws IOException if the file cannot be written
   */
  public void finish(Set<String> geometryTypes, Envelope bounds, Map<String, String> keys)
      throws IOException {
    endRowGroup();
    Map<String, String> footer = new LinkedHashMap<>();
    footer.put("geo", FooterKeys.geo(geometryTypes, bounds, true).toString());
    footer.putAll(keys);
    file.end(footer);
    finished = true;
  }

  /** Closes the file; without {@link #finish} it is not complete. */
  @Override
  public void close() throws IOException {
    if (group != null) {
      group.close();
      group = null;
    }
    if (!finished) {
      file.close();
    }
  }

  private final class RowGroup {
    private final ColumnChunkPageWriteStore pages;
    private final ColumnWriteStore store;
    private final ColumnWriter[] writers = new ColumnWriter[columns.size()];
    private int count;

    RowGroup() {
      this.pages = ZstdPages.open(schema, ZSTD_LEVEL);
      MessageType scalars =
          new MessageType(
              schema.getName(),
              schema.getFields().stream()
                  .filter(
                      f ->
                          columns.stream()
                              .noneMatch(
                                  c ->
                                      c.hasListPages()
                                          && c.descriptor().getPath()[0].equals(f.getName())))
                  .toList());
      this.store = PROPERTIES.newColumnWriteStore(scalars, pages, pages);
      for (int c = 0; c < writers.length; c++) {
        if (lists[c] == null) {
          writers[c] = store.getColumnWriter(columns.get(c).descriptor());
        }
      }
    }

    void add(ByteBuffer row) {
      for (int c = 0; c < writers.length; c++) {
        if (lists[c] != null) {
          lists[c].add(row);
        } else {
          addValue(columns.get(c), writers[c], row);
        }
      }
      store.endRecord();
      count++;
    }

    private void addValue(RowColumn column, ColumnWriter writer, ByteBuffer row) {
      if (column.list()) {
        addIntegers(column, writer, row);
        return;
      }
      switch (column.type()) {
        case INT32 -> writer.write(row.getInt(), 0, 0);
        case INT64 -> writer.write(row.getLong(), 0, 0);
        case FLOAT -> writer.write(row.getFloat(), 0, 0);
        case DOUBLE -> writer.write(row.getDouble(), 0, 0);
        default -> {
          byte[] bytes = new byte[column.width() == 0 ? row.getInt() : column.width()];
          row.get(bytes);
          writer.write(Binary.fromConstantByteArray(bytes), 0, 0);
        }
      }
    }

    private static void addIntegers(RowColumn column, ColumnWriter writer, ByteBuffer row) {
      int values = row.getInt();
      if (values == 0) {
        writer.writeNull(0, 0);
      }
      for (int i = 0; i < values; i++) {
        int repetition = i == 0 ? 0 : 1;
        if (column.width() == Integer.BYTES) {
          writer.write(row.getInt(), repetition, 1);
        } else {
          writer.write(row.getLong(), repetition, 1);
        }
      }
    }

    void write() throws IOException {
      file.startBlock(count);
      store.flush();
      for (int c = 0; c < lists.length; c++) {
        if (lists[c] != null) {
          lists[c].write(pages.getPageWriter(columns.get(c).descriptor()));
        }
      }
      pages.flushToFileWriter(file);
      file.endBlock();
      close();
    }

    void close() {
      store.close();
      pages.close();
    }
  }
}
