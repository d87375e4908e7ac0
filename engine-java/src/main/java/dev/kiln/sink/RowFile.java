package dev.kiln.sink;

import dev.kiln.io.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.schema.MessageType;

/**
 * The footer of a Parquet file without nulls, wherever its bytes are, and its rows, which are read
 * one row group at a time.
 */
public final class RowFile {
  private final ParquetMetadata metadata;
  private final List<RowColumn> columns;
  private final String footerHash;

  private RowFile(ParquetMetadata metadata, String footerHash) {
    this.metadata = metadata;
    this.columns = RowColumn.of(metadata.getFileMetaData().getSchema());
    this.footerHash = footerHash;
  }

  /**
   * Reads the footer of a file.
   *
   * @param bytes of the file; borrowed
   * @return the file
   * @throws IOException if it cannot be read, is damaged, or has columns with nulls
   */
  public static RowFile open(ParquetBytes bytes) throws IOException {
    ByteBuffer footer = ParquetFooter.<RuntimeException>raw(bytes.size(), bytes::read);
    MessageDigest digest = Sha256.digest();
    digest.update(footer.duplicate());
    try {
      return new RowFile(ParquetFooter.parse(footer), Sha256.hex(digest));
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** {@return the columns, their types and their order} */
  public RowSchema schema() {
    return new RowSchema(message());
  }

  private MessageType message() {
    return metadata.getFileMetaData().getSchema();
  }

  /**
   * {@return the SHA-256 of the footer} It has the sizes, ranges of values and positions of all
   * columns, so that files of different content rarely share it.
   */
  public String footerHash() {
    return footerHash;
  }

  /** {@return the key-value pairs of the footer} */
  public Map<String, String> footer() {
    return ParquetFooter.pairs(metadata);
  }

  /** {@return the number of rows} */
  public long rows() {
    return metadata.getBlocks().stream().mapToLong(BlockMetaData::getRowCount).sum();
  }

  /** {@return the number of row groups} */
  public int rowGroups() {
    return metadata.getBlocks().size();
  }

  /**
   * {@return the number of values of a list column in the whole file}
   *
   * @param path dotted path of the column
   */
  public long valueCount(String path) {
    return metadata.getBlocks().stream()
        .flatMap(b -> b.getColumns().stream())
        .filter(c -> c.getPath().toDotString().equals(path))
        .mapToLong(ColumnChunkMetaData::getValueCount)
        .sum();
  }

  /**
   * {@return the least and the greatest value of a column, as parquet-java represents them; empty
   * if a row group does not record them}
   *
   * @param path dotted path, such as {@code bbox.xmin}
   */
  public Optional<Range> range(String path) {
    Statistics<?> all = null;
    for (BlockMetaData block : metadata.getBlocks()) {
      Statistics<?> one =
          block.getColumns().stream()
              .filter(c -> c.getPath().toDotString().equals(path))
              .findFirst()
              .<Statistics<?>>map(ColumnChunkMetaData::getStatistics)
              .orElse(null);
      if (one == null || !one.hasNonNullValue()) {
        return Optional.empty();
      }
      if (all == null) {
        all = one.copy();
      } else {
        all.mergeStatistics(one);
      }
    }
    return Optional.ofNullable(all).map(s -> new Range(s.genericGetMin(), s.genericGetMax()));
  }

  /**
   * Range of the values of a column.
   *
   * @param min least value: Integer, Long, Float, Double or Binary
   * @param max greatest value
   */
  public record Range(Comparable<?> min, Comparable<?> max) {
    /** {@return the least value of a column of numbers} */
    public double low() {
      return ((Number) (Object) min).doubleValue();
    }

    /** {@return the greatest value of a column of numbers} */
    public double high() {
      return ((Number) (Object) max).doubleValue();
    }
  }

  /**
   * Reads some columns of a row group.
   *
   * @param rowGroup from 0
   * @param bytes of the file; borrowed
   * @param wanted decides by path which columns are read
   * @return the rows of the group
   * @throws IOException if a column cannot be read or is damaged
   */
  public RowBlock read(int rowGroup, ParquetBytes bytes, Predicate<String> wanted)
      throws IOException {
    BlockMetaData block = metadata.getBlocks().get(rowGroup);
    int rows = Math.toIntExact(block.getRowCount());
    RowBlock.Values[] values = new RowBlock.Values[columns.size()];
    for (int c = 0; c < values.length; c++) {
      RowColumn column = columns.get(c);
      if (!wanted.test(column.path())) {
        continue;
      }
      ColumnChunkMetaData chunk = EmbeddingFile.chunk(block, column.descriptor());
      try {
        values[c] =
            ColumnValuesReader.read(
                column,
                new ColumnPages(
                    new ChunkInput(bytes, chunk.getStartingPos(), chunk.getTotalSize()),
                    chunk.getCodec(),
                    chunk.getValueCount()),
                rows,
                Math.toIntExact(chunk.getValueCount()));
      } catch (IOException | RuntimeException e) {
        // Decoders of damaged pages fail in many ways.
        throw damaged(column, e);
      }
    }
    return new RowBlock(columns, values, rows);
  }

  private static IOException damaged(RowColumn column, Exception e) {
    Throwable cause = e instanceof UncheckedIOException ? e.getCause() : e;
    String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new IOException(
        "cannot read column " + column.path() + ": " + reason.lines().findFirst().orElse(""), e);
  }
}
