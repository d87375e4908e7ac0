package dev.kiln.sink;

import dev.kiln.error.ConfigurationException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReaderImpl;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.api.PrimitiveConverter;

/**
 * A Parquet file of embeddings, written by Kiln or by another program that stores vectors in a list
 * column {@code embeddings} or {@code embedding}. Holds the footer in memory; columns are read on
 * demand, one row group at a time.
 *
 * <p>Methods that read throw {@link ConfigurationException} with the path if the file cannot be
 * read.
 */
public final class EmbeddingFile {
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

  /**
   * Opens a file and reads its footer.
   *
   * @throws ConfigurationException if it is not a Parquet file, is truncated or is damaged
   */
  public static EmbeddingFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new ConfigurationException(
          path
              + ": expected a Parquet file, found "
              + (Files.isDirectory(path) ? "a directory" : "none"));
    }
    try {
      long size = Files.size(path);
      ParquetMetadata metadata =
          ParquetFooter.<RuntimeException>read(size, (at, length) -> read(path, at, length));
      return new EmbeddingFile(path, size, metadata);
    } catch (IOException | RuntimeException e) {
      throw unreadable(path, "footer", e);
    }
  }

  /** Returns the path of the file. */
  public Path path() {
    return path;
  }

  /** Returns the size of the file in bytes. */
  public long bytes() {
    return bytes;
  }

  /** Returns the number of rows. */
  public long rows() {
    return metadata.getBlocks().stream().mapToLong(BlockMetaData::getRowCount).sum();
  }

  /** Returns the number of row groups. */
  public int rowGroups() {
    return metadata.getBlocks().size();
  }

  /** Returns the name of the library that wrote the file; {@code unknown} if none is recorded. */
  public String createdBy() {
    return Objects.requireNonNullElse(metadata.getFileMetaData().getCreatedBy(), "unknown");
  }

  /** Returns the key-value pairs of the footer, sorted by key. */
  public Map<String, String> footer() {
    return Collections.unmodifiableMap(
        new TreeMap<>(metadata.getFileMetaData().getKeyValueMetaData()));
  }

  /** Returns the leaf columns in schema order. */
  public List<FileColumn> columns() {
    return metadata.getFileMetaData().getSchema().getColumns().stream()
        .map(c -> FileColumn.of(c, metadata.getBlocks()))
        .toList();
  }

  /** Returns the dotted path of the column of vectors, if the file has one. */
  public Optional<String> vectorColumn() {
    return vectors().map(c -> String.join(".", c.getPath()));
  }

  /**
   * Reads the vectors of one row group in row order, skipping rows without one; float64 is
   * converted to float32.
   *
   * @throws ConfigurationException if they cannot be read or differ in length
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
   * Reads all values of a column with one value per row, null where absent: String, Instant,
   * LocalDate, Integer, Long, Float, Double or Boolean, and byte[] for any other type.
   *
   * @param column dotted path, such as {@code bbox.xmin}
   * @throws ConfigurationException if there is no such column or it cannot be read
   */
  public List<Object> values(String column) {
    List<Object> values = new ArrayList<>();
    for (int g = 0; g < rowGroups(); g++) {
      values.addAll(values(column, g));
    }
    return values;
  }

  /**
   * Reads the values of a column in one row group.
   *
   * @param column dotted path, such as {@code bbox.xmin}
   * @throws ConfigurationException if there is no such column or it cannot be read
   */
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
      // Workarounds exist only for known writers.
      return null;
    }
  }

  private static ConfigurationException unreadable(Path path, String part, Exception cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    // The message of a FileSystemException is only the path.
    boolean noReason = root.getMessage() == null || root instanceof FileSystemException;
    String reason = noReason ? root.toString() : root.getMessage();
    return new ConfigurationException(
        path + ": cannot read " + part + ": " + reason.lines().findFirst().orElse(""), cause);
  }
}
