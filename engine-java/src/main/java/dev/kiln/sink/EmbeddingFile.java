package dev.kiln.sink;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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

  private final ParquetBytes bytes;
  private final ParquetMetadata metadata;
  private final VersionParser.ParsedVersion writer;

  private EmbeddingFile(ParquetBytes bytes, ParquetMetadata metadata) {
    this.bytes = bytes;
    this.metadata = metadata;
    this.writer = parseWriter(createdBy());
  }

  /**
   * Opens a file of this machine and reads its footer.
   *
   * @param path of the file
   * @return the file, which the caller closes
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
      return open(new ReopenedFile(path, Files.size(path)));
    } catch (IOException e) {
      throw unreadable(path.toString(), "footer", e);
    }
  }

  /**
   * Reads the footer of a file.
   *
   * @param bytes of the file; borrowed, and read from as long as this object is used
   * @return the file, which the caller closes
   * @throws ConfigurationException if it is not a Parquet file, is truncated or is damaged
   */
  public static EmbeddingFile open(ParquetBytes bytes) {
    try {
      ParquetMetadata metadata = ParquetFooter.<RuntimeException>read(bytes.size(), bytes::read);
      return new EmbeddingFile(bytes, metadata);
    } catch (IOException | RuntimeException e) {
      throw unreadable(bytes.name(), "footer", e);
    }
  }

  /** A file that is opened for each read, so that it needs no close. */
  private record ReopenedFile(Path path, long size) implements ParquetBytes {
    @Override
    public String name() {
      return path.toString();
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
      try (ParquetBytes file = ParquetBytes.open(path)) {
        return file.read(offset, length);
      }
    }

    @Override
    public void close() {}
  }

  /** {@return the full name of the file: a path or a URI} */
  public String name() {
    return bytes.name();
  }

  /** {@return the size of the file in bytes} */
  public long bytes() {
    return bytes.size();
  }

  /** {@return the number of rows} */
  public long rows() {
    return metadata.getBlocks().stream().mapToLong(BlockMetaData::getRowCount).sum();
  }

  /**
   * {@return the number of rows of a row group}
   *
   * @param rowGroup from 0
   */
  public long rows(int rowGroup) {
    return metadata.getBlocks().get(rowGroup).getRowCount();
  }

  /** {@return the number of row groups} */
  public int rowGroups() {
    return metadata.getBlocks().size();
  }

  /** {@return the name of the library that wrote the file; {@code unknown} if none is recorded} */
  public String createdBy() {
    return Objects.requireNonNullElse(metadata.getFileMetaData().getCreatedBy(), "unknown");
  }

  /** {@return the key-value pairs of the footer that have a value, sorted by key} */
  public Map<String, String> footer() {
    return ParquetFooter.pairs(metadata);
  }

  /** {@return the keys of the footer that have no value, sorted} */
  public List<String> keysWithoutValue() {
    return metadata.getFileMetaData().getKeyValueMetaData().entrySet().stream()
        .filter(pair -> pair.getValue() == null)
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }

  /** {@return the leaf columns in schema order} */
  public List<FileColumn> columns() {
    return metadata.getFileMetaData().getSchema().getColumns().stream()
        .map(c -> FileColumn.of(c, metadata.getBlocks()))
        .toList();
  }

  /** {@return the dotted path of the column of vectors, if the file has one} */
  public Optional<String> vectorColumn() {
    return vectors().map(c -> String.join(".", c.getPath()));
  }

  /**
   * Reads the vectors of one row group in row order, skipping rows without one. Other types are
   * converted to float32; int8 values are multiplied by the scales of their vectors.
   *
   * @param rowGroup from 0
   * @return vectors {@code [rows, dim]} with their rows
   * @throws ConfigurationException if they cannot be read or differ in length
   */
  public Vectors vectors(int rowGroup) {
    ColumnDescriptor column = requireVectors();
    if (rows(rowGroup) == 0) {
      // parquet-java reads no column without values.
      return new Vectors(0, new float[0]);
    }
    Vectors vectors =
        read(rowGroup, column, (reader, count) -> Vectors.read(reader, Math.toIntExact(count)));
    scales(rowGroup, column)
        .ifPresent(
            scales -> {
              for (int i = 0; i < vectors.values().length; i += vectors.dim()) {
                scale(vectors.values(), i, vectors.dim(), (float) scales.nextDouble());
              }
            });
    return vectors;
  }

  /** Multiplies a vector by its scale. */
  static void scale(float[] vectors, int at, int dim, float scale) {
    for (int i = at; i < at + dim; i++) {
      vectors[i] *= scale;
    }
  }

  /** Returns the scales of int8 vectors; empty for other types. */
  private Optional<ColumnCursor> scales(int rowGroup, ColumnDescriptor vectors) {
    return VectorValue.of(vectors) == VectorValue.INT8
        ? Optional.of(cursor(vectors.getPath()[0] + SceneSchema.SCALE, rowGroup))
        : Optional.empty();
  }

  /**
   * Reads all values of a column with one value per row, null where absent: String, Instant,
   * LocalDate, Integer, Long, Float, Double or Boolean, and byte[] for any other type.
   *
   * @param column dotted path, such as {@code bbox.xmin}
   * @return one value per row
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
   * @param rowGroup from 0
   * @return one value per row
   * @throws ConfigurationException if there is no such column or it cannot be read
   */
  public List<Object> values(String column, int rowGroup) {
    ColumnDescriptor descriptor = single(column);
    if (rows(rowGroup) == 0) {
      return List.of();
    }
    return read(
        rowGroup,
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

  /**
   * {@return whether there is a column with one value per row}
   *
   * @param column dotted path, such as {@code bbox.xmin}
   */
  public boolean has(String column) {
    return findSingle(column).isPresent();
  }

  /**
   * {@return the smallest and the greatest value of a numeric column in one row group, if the file
   * records them; times are microseconds since 1970}
   *
   * @param column dotted path, such as {@code bbox.xmin}
   * @param rowGroup from 0
   */
  public Optional<ValueRange> range(String column, int rowGroup) {
    return findSingle(column)
        .flatMap(c -> ValueRange.of(c, chunk(metadata.getBlocks().get(rowGroup), c)));
  }

  /**
   * {@return the smallest and the greatest text of a column in one row group, if the file records
   * them} The order is that of the UTF-8 bytes.
   *
   * @param column name of a column of texts
   * @param rowGroup from 0
   */
  public Optional<TextRange> textRange(String column, int rowGroup) {
    return findSingle(column)
        .flatMap(c -> TextRange.of(chunk(metadata.getBlocks().get(rowGroup), c)));
  }

  /**
   * {@return a cursor over a column with one value per row, before its first value}
   *
   * @param column dotted path, such as {@code bbox.xmin}
   * @param rowGroup from 0
   * @throws ConfigurationException if there is no such column or it cannot be read
   */
  public ColumnCursor cursor(String column, int rowGroup) {
    ColumnDescriptor descriptor = single(column);
    return new ColumnCursor(name(), reader(rowGroup, descriptor), rows(rowGroup));
  }

  /**
   * {@return a cursor over the vectors of a row group, before the first} Unlike {@link #vectors},
   * it holds a few pages at a time.
   *
   * @param rowGroup from 0
   * @throws ConfigurationException if the file has no vectors or they cannot be read
   */
  public VectorCursor vectorCursor(int rowGroup) {
    ColumnDescriptor column = requireVectors();
    return new VectorCursor(
        name(),
        column,
        chunk(metadata.getBlocks().get(rowGroup), column),
        rows(rowGroup),
        () -> pages(rowGroup, column),
        () -> reader(rowGroup, column),
        scales(rowGroup, column));
  }

  private ColumnPages pages(int rowGroup, ColumnDescriptor column) throws IOException {
    ColumnChunkMetaData chunk = chunk(metadata.getBlocks().get(rowGroup), column);
    return new ColumnPages(
        new ChunkInput(bytes, chunk.getStartingPos(), chunk.getTotalSize()),
        chunk.getCodec(),
        chunk.getValueCount());
  }

  private ColumnReader reader(int rowGroup, ColumnDescriptor column) {
    try {
      return new ColumnReaderImpl(
          column, pages(rowGroup, column), new PrimitiveConverter() {}, writer);
    } catch (IOException | RuntimeException e) {
      throw unreadable(name(), "column " + String.join(".", column.getPath()), e);
    }
  }

  private ColumnDescriptor requireVectors() {
    return vectors()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    name() + ": expected a list<float> column named embeddings, found none"));
  }

  private Optional<ColumnDescriptor> findSingle(String column) {
    return metadata.getFileMetaData().getSchema().getColumns().stream()
        .filter(c -> String.join(".", c.getPath()).equals(column))
        .filter(c -> c.getMaxRepetitionLevel() == 0)
        .findFirst();
  }

  private ColumnDescriptor single(String column) {
    return findSingle(column)
        .orElseThrow(
            () ->
                new ConfigurationException(
                    name() + ": expected a column " + column + " of single values, found none"));
  }

  private Optional<ColumnDescriptor> vectors() {
    return metadata.getFileMetaData().getSchema().getColumns().stream()
        .filter(c -> VECTOR_COLUMNS.contains(c.getPath()[0]))
        .filter(c -> c.getMaxRepetitionLevel() == 1)
        .filter(c -> VectorValue.of(c) != VectorValue.OTHER)
        .findFirst();
  }

  private interface ChunkReading<T> {
    T apply(ColumnReader reader, long valueCount) throws IOException;
  }

  private <T> T read(int rowGroup, ColumnDescriptor column, ChunkReading<T> reading) {
    try {
      return reading.apply(
          reader(rowGroup, column),
          chunk(metadata.getBlocks().get(rowGroup), column).getValueCount());
    } catch (ConfigurationException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw unreadable(name(), "column " + String.join(".", column.getPath()), e);
    }
  }

  static ColumnChunkMetaData chunk(BlockMetaData block, ColumnDescriptor column) {
    ColumnPath path = ColumnPath.get(column.getPath());
    return block.getColumns().stream()
        .filter(c -> c.getPath().equals(path))
        .findFirst()
        .orElseThrow();
  }

  private static VersionParser.ParsedVersion parseWriter(String createdBy) {
    try {
      return VersionParser.parse(createdBy);
    } catch (VersionParser.VersionParseException e) {
      // Workarounds exist only for known writers.
      return null;
    }
  }

  static ConfigurationException unreadable(String name, String part, Exception cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    // The message of a FileSystemException is only the path.
    boolean noReason = root.getMessage() == null || root instanceof FileSystemException;
    String reason = noReason ? root.toString() : root.getMessage();
    return new ConfigurationException(
        name + ": cannot read " + part + ": " + reason.lines().findFirst().orElse(""), cause);
  }
}
