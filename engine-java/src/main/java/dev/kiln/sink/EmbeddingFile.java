package dev.kiln.sink;

import dev.kiln.error.ConfigurationException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.parquet.VersionParser;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReaderImpl;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.api.PrimitiveConverter;

/**
 * A Parquet file of embeddings: Kiln's own, or another's whose vectors lie in a list column {@code
 * embeddings} or {@code embedding}. Holds the footer; columns are read when asked for, a row group
 * at a time.
 *
 * <p>Methods that read throw {@link ConfigurationException}, naming the file, where it cannot be
 * read.
 */
public final class EmbeddingFile {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final int TAIL_BYTES = 8;
  private static final List<String> VECTOR_COLUMNS = List.of("embeddings", "embedding");

  private final Path path;
  private final long bytes;
  private final ParquetMetadata metadata;
  private final VersionParser.ParsedVersion writer;

  private EmbeddingFile(Path path, long bytes, ParquetMetadata metadata) {
    this.path = path;
    this.bytes = bytes;
    this.metadata = metadata;
    this.writer = parseWriter(createdBy());
  }

  /** Reads the footer. */
  public static EmbeddingFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new ConfigurationException(
          path
              + ": expected a Parquet file, found "
              + (Files.isDirectory(path) ? "a directory" : "none"));
    }
    try {
      long size = Files.size(path);
      ByteBuffer tail =
          size < TAIL_BYTES + MAGIC.length ? null : read(path, size - TAIL_BYTES, TAIL_BYTES);
      if (tail == null || tail.getInt(4) != ByteBuffer.wrap(MAGIC).getInt()) {
        throw new IOException(
            "expected PAR1 at its end, found none: not a Parquet file, or cut short");
      }
      int footerBytes = tail.order(ByteOrder.LITTLE_ENDIAN).getInt(0);
      long footerAt = size - TAIL_BYTES - footerBytes;
      if (footerBytes < 1 || footerAt < MAGIC.length) {
        throw new IOException("its footer claims " + footerBytes + " bytes of " + size);
      }
      return new EmbeddingFile(
          path,
          size,
          new ParquetMetadataConverter()
              .readParquetMetadata(
                  ByteBufferInputStream.wrap(read(path, footerAt, footerBytes)),
                  ParquetMetadataConverter.NO_FILTER));
    } catch (IOException | RuntimeException e) {
      throw unreadable(path, "footer", e);
    }
  }

  public Path path() {
    return path;
  }

  /** Size of the file. */
  public long bytes() {
    return bytes;
  }

  public long rows() {
    return metadata.getBlocks().stream().mapToLong(BlockMetaData::getRowCount).sum();
  }

  public int rowGroups() {
    return metadata.getBlocks().size();
  }

  /** The library that wrote the file, as it calls itself; {@code unknown} if it does not say. */
  public String createdBy() {
    return Objects.requireNonNullElse(metadata.getFileMetaData().getCreatedBy(), "unknown");
  }

  /** Key-value pairs of the footer, in order of key. */
  public Map<String, String> footer() {
    return Collections.unmodifiableMap(
        new TreeMap<>(metadata.getFileMetaData().getKeyValueMetaData()));
  }

  /** The leaves of the schema, in its order. */
  public List<FileColumn> columns() {
    return metadata.getFileMetaData().getSchema().getColumns().stream()
        .map(c -> FileColumn.of(c, metadata.getBlocks()))
        .toList();
  }

  /** The column of vectors, dotted, if the file has one. */
  public Optional<String> vectorColumn() {
    return vectors().map(c -> String.join(".", c.getPath()));
  }

  /**
   * Vectors of one row group in row order, without the rows that have none; float64 is narrowed.
   *
   * @throws ConfigurationException also where vectors differ in length
   */
  public Vectors vectors(int rowGroup) {
    ColumnDescriptor column =
        vectors()
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        path + ": expected a list<float> column named embeddings, found none"));
    return read(
        metadata.getBlocks().get(rowGroup),
        column,
        (reader, count) -> Vectors.read(reader, Math.toIntExact(count)));
  }

  /**
   * All values of a column with one value a row, null where absent: String, Instant, LocalDate,
   * Integer, Long, Float, Double, Boolean, or byte[] for all else.
   *
   * @param column dotted, such as {@code bbox.xmin}
   */
  public List<Object> values(String column) {
    List<Object> values = new ArrayList<>();
    for (int g = 0; g < rowGroups(); g++) {
      values.addAll(values(column, g));
    }
    return values;
  }

  /** The same for one row group. */
  public List<Object> values(String column, int rowGroup) {
    ColumnDescriptor descriptor =
        metadata.getFileMetaData().getSchema().getColumns().stream()
            .filter(c -> String.join(".", c.getPath()).equals(column))
            .filter(c -> c.getMaxRepetitionLevel() == 0)
            .findFirst()
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        path + ": expected a column " + column + " of single values, found none"));
    return read(
        metadata.getBlocks().get(rowGroup),
        descriptor,
        (reader, count) -> {
          List<Object> values = new ArrayList<>();
          for (long i = 0; i < count; i++, reader.consume()) {
            boolean present =
                reader.getCurrentDefinitionLevel() == descriptor.getMaxDefinitionLevel();
            values.add(present ? ColumnValues.current(reader) : null);
          }
          return values;
        });
  }

  private Optional<ColumnDescriptor> vectors() {
    return metadata.getFileMetaData().getSchema().getColumns().stream()
        .filter(c -> VECTOR_COLUMNS.contains(c.getPath()[0]))
        .filter(c -> c.getMaxRepetitionLevel() == 1)
        .filter(
            c ->
                switch (c.getPrimitiveType().getPrimitiveTypeName()) {
                  case FLOAT, DOUBLE -> true;
                  default -> false;
                })
        .findFirst();
  }

  private interface ChunkReading<T> {
    T apply(ColumnReader reader, long valueCount) throws IOException;
  }

  private <T> T read(BlockMetaData block, ColumnDescriptor column, ChunkReading<T> reading) {
    try {
      ColumnChunkMetaData chunk = chunk(block, column);
      ByteBuffer pages = read(path, chunk.getStartingPos(), Math.toIntExact(chunk.getTotalSize()));
      ColumnReader reader =
          new ColumnReaderImpl(
              column,
              new ColumnPages(pages, chunk.getCodec(), chunk.getValueCount()),
              new PrimitiveConverter() {},
              writer);
      return reading.apply(reader, chunk.getValueCount());
    } catch (IOException | RuntimeException e) {
      throw unreadable(path, "column " + String.join(".", column.getPath()), e);
    }
  }

  static ColumnChunkMetaData chunk(BlockMetaData block, ColumnDescriptor column) {
    ColumnPath path = ColumnPath.get(column.getPath());
    return block.getColumns().stream()
        .filter(c -> c.getPath().equals(path))
        .findFirst()
        .orElseThrow();
  }

  private static ByteBuffer read(Path path, long at, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    try (FileChannel channel = FileChannel.open(path)) {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, at + buffer.position()) < 0) {
          throw new EOFException("the file ends before byte " + (at + length));
        }
      }
    }
    return buffer.flip();
  }

  private static VersionParser.ParsedVersion parseWriter(String createdBy) {
    try {
      return VersionParser.parse(createdBy);
    } catch (VersionParser.VersionParseException e) {
      // Only known writers have known faults to work around.
      return null;
    }
  }

  private static ConfigurationException unreadable(Path path, String part, Exception cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    // The message of a file system's exception is only the path again.
    boolean silent = root.getMessage() == null || root instanceof FileSystemException;
    String reason = silent ? root.toString() : root.getMessage();
    return new ConfigurationException(
        path + ": cannot read its " + part + ": " + reason.lines().findFirst().orElse(""), cause);
  }
}
