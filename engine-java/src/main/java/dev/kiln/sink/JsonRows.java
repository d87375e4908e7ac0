package dev.kiln.sink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rows of a Parquet file of any schema as JSON, wherever its bytes are: structs and maps are
 * objects, lists are arrays, dates and times are ISO 8601 texts in UTC, other binary values are
 * binary nodes, and null values are absent. One row group is in memory at a time, compressed.
 */
public final class JsonRows {
  /** Row groups up to this size are read with one request. */
  private static final long MAX_WHOLE_BYTES = 64L << 20;

  private final ParquetBytes bytes;
  private final ParquetMetadata metadata;

  private JsonRows(ParquetBytes bytes, ParquetMetadata metadata) {
    this.bytes = bytes;
    this.metadata = metadata;
  }

  /** The content of a file is damaged. */
  public static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    private DamagedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Receives rows. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Receives the next row.
     *
     * @param row its values by column
     * @return whether more rows are wanted
     * @throws IOException if the row cannot be stored
     */
    boolean accept(ObjectNode row) throws IOException;
  }

  /**
   * Reads the footer of a file.
   *
   * @param bytes of the file; borrowed, and read from as long as this object is used
   * @return the file
   * @throws IOException if it is not a Parquet file, is truncated or is damaged
   */
  public static JsonRows open(ParquetBytes bytes) throws IOException {
    return new JsonRows(bytes, ParquetFooter.<RuntimeException>read(bytes.size(), bytes::read));
  }

  /** {@return the names of the columns at the top level} */
  public List<String> columns() {
    return schema().getFields().stream().map(Type::getName).toList();
  }

  private MessageType schema() {
    return metadata.getFileMetaData().getSchema();
  }

  /** {@return the key-value pairs of the footer} */
  public Map<String, String> footer() {
    return metadata.getFileMetaData().getKeyValueMetaData();
  }

  /** {@return the number of row groups} */
  public int rowGroups() {
    return metadata.getBlocks().size();
  }

  /**
   * {@return the number of rows of a row group}
   *
   * @param rowGroup from 0
   */
  public long rows(int rowGroup) {
    return metadata.getBlocks().get(rowGroup).getRowCount();
  }

  /**
   * {@return the smallest and the greatest value of a column in a row group, if the file records
   * them and there are no nulls; times are microseconds since 1970}
   *
   * @param column dotted path, such as {@code bbox.xmin}
   * @param rowGroup from 0
   */
  public Optional<ValueRange> range(String column, int rowGroup) {
    for (ColumnDescriptor descriptor : schema().getColumns()) {
      if (String.join(".", descriptor.getPath()).equals(column)
          && descriptor.getMaxRepetitionLevel() == 0) {
        ColumnChunkMetaData chunk =
            EmbeddingFile.chunk(metadata.getBlocks().get(rowGroup), descriptor);
        boolean complete =
            chunk.getStatistics() != null && chunk.getStatistics().getNumNulls() == 0;
        return complete ? ValueRange.of(descriptor, chunk) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  /**
   * Reads the rows of a row group.
   *
   * @param rowGroup from 0
   * @param unwanted names of columns and fields at any level that are not read
   * @param sink receives the rows in their order
   * @throws DamagedException if a column is damaged
   * @throws IOException if the bytes cannot be read, or from {@code sink}
   */
  public void read(int rowGroup, Predicate<String> unwanted, Sink sink) throws IOException {
    BlockMetaData block = metadata.getBlocks().get(rowGroup);
    MessageType wanted =
        new MessageType(schema().getName(), without(schema().getFields(), unwanted));
    String createdBy = Objects.requireNonNullElse(metadata.getFileMetaData().getCreatedBy(), "");
    long row = 0;
    try {
      ParquetBytes group = group(block, wanted);
      RecordReader<ObjectNode> reader =
          new ColumnIOFactory(createdBy)
              .getColumnIO(wanted, schema())
              .getRecordReader(new Pages(group, block), new JsonRecord(wanted), FilterCompat.NOOP);
      for (; row < block.getRowCount(); row++) {
        if (!sink.accept(reader.read())) {
          return;
        }
      }
    } catch (UncheckedIOException e) {
      throw damaged(rowGroup, row, e.getCause());
    } catch (RuntimeException e) {
      // Decoders of damaged pages fail in many ways.
      throw damaged(rowGroup, row, e);
    }
  }

  private IOException damaged(int rowGroup, long row, Exception cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    if (cause instanceof FileSystemException store) {
      return store;
    }
    String reason = root.getMessage() == null ? root.toString() : root.getMessage();
    return new DamagedException(
        "%s: cannot read row %d of row group %d: %s"
            .formatted(bytes.name(), row, rowGroup, reason.lines().findFirst().orElse("")),
        cause);
  }

  private static List<Type> without(List<Type> fields, Predicate<String> unwanted) {
    List<Type> kept = new ArrayList<>();
    for (Type field : fields) {
      if (unwanted.test(field.getName())) {
        continue;
      }
      if (field.isPrimitive() || field.getLogicalTypeAnnotation() != null) {
        kept.add(field);
      } else {
        GroupType group = field.asGroupType();
        List<Type> below = without(group.getFields(), unwanted);
        if (!below.isEmpty()) {
          kept.add(group.withNewFields(below));
        }
      }
    }
    return kept;
  }

  /** Returns the bytes of a row group, in memory if they are not too many. */
  private ParquetBytes group(BlockMetaData block, MessageType wanted) throws IOException {
    long begin = Long.MAX_VALUE;
    long end = 0;
    for (ColumnDescriptor column : wanted.getColumns()) {
      ColumnChunkMetaData chunk = EmbeddingFile.chunk(block, column);
      begin = Math.min(begin, chunk.getStartingPos());
      end = Math.max(end, chunk.getStartingPos() + chunk.getTotalSize());
    }
    if (end - begin > MAX_WHOLE_BYTES || begin < 0 || end > bytes.size()) {
      return bytes;
    }
    return new Part(bytes, begin, bytes.read(begin, (int) Math.max(0, end - begin)));
  }

  /** Some bytes of a file in memory. */
  private record Part(ParquetBytes file, long begin, ByteBuffer held) implements ParquetBytes {
    @Override
    public String name() {
      return file.name();
    }

    @Override
    public long size() {
      return file.size();
    }

    @Override
    public ByteBuffer read(long offset, int length) {
      return held.slice(Math.toIntExact(offset - begin), length);
    }

    @Override
    public void close() {
      // Memory needs no closing.
    }
  }

  /** The pages of a row group by column. */
  private record Pages(ParquetBytes bytes, BlockMetaData block) implements PageReadStore {
    @Override
    public long getRowCount() {
      return block.getRowCount();
    }

    @Override
    public PageReader getPageReader(ColumnDescriptor column) {
      ColumnChunkMetaData chunk = EmbeddingFile.chunk(block, column);
      try {
        return new ColumnPages(
            new ChunkInput(bytes, chunk.getStartingPos(), chunk.getTotalSize()),
            chunk.getCodec(),
            chunk.getValueCount());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      // The bytes are borrowed.
    }
  }
}
