package dev.kiln.sink;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;

/**
 * The vectors of one row group, in row order, a few at a time. Used by one thread.
 *
 * <p>Pages of plain or byte-split float32 are decoded as a whole ({@link VectorPageDecoder}), which
 * is many times as fast as parquet-java's reader of single values. The latter reads whatever else
 * there is: dictionaries, float64, missing vectors, rows that continue on another page.
 *
 * <p>Methods throw {@link ConfigurationException} with the name of the file if it is damaged, or if
 * vectors differ in length.
 */
public final class VectorCursor {
  /** Opens the column from its start. */
  interface Opening<T> {
    /** Opens the column. */
    T open() throws IOException;
  }

  private final String file;
  private final String column;
  private final Opening<ColumnReader> values;
  private final VectorValue value;
  private final Optional<ColumnCursor> scales; // of int8 vectors
  private final int present;
  private final long rows;
  private final int dim;

  /** Null when single values are read. */
  private VectorPageDecoder pages;

  private ColumnReader reader;
  private long valuesLeft;
  private long next;

  VectorCursor(
      String file,
      ColumnDescriptor column,
      ColumnChunkMetaData chunk,
      long rows,
      Opening<ColumnPages> pages,
      Opening<ColumnReader> values,
      Optional<ColumnCursor> scales) {
    this.scales = scales;
    this.file = file;
    this.column = String.join(".", column.getPath());
    this.values = values;
    this.value = VectorValue.of(column);
    this.present = column.getMaxDefinitionLevel();
    this.rows = rows;
    this.valuesLeft = chunk.getValueCount();
    try {
      long perRow = rows == 0 ? 0 : chunk.getValueCount() / rows;
      if (rows > 0
          && perRow * rows == chunk.getValueCount()
          && perRow <= Integer.MAX_VALUE
          && value == VectorValue.FLOAT32
          && chunk.getEncodings().stream().allMatch(VectorCursor::isPlain)) {
        VectorPageDecoder decoder = new VectorPageDecoder(pages.open(), present, (int) perRow);
        if (decoder.isRegular()) {
          this.pages = decoder;
          this.dim = (int) perRow;
          return;
        }
      }
      this.dim = rows == 0 ? 0 : lengthOfTheFirst();
      this.reader = values.open();
    } catch (IOException | RuntimeException e) {
      throw unreadable(e);
    }
  }

  private static boolean isPlain(Encoding encoding) {
    return switch (encoding) {
      case PLAIN, BYTE_STREAM_SPLIT, RLE, BIT_PACKED -> true;
      default -> false;
    };
  }

  /** {@return the length of a vector; 0 if the row group has none} */
  public int dim() {
    return dim;
  }

  /**
   * Reads the next vectors. A row without a vector is filled with NaN.
   *
   * @param target receives {@code [count, dim]}
   * @param row of the target from which it is filled
   * @param count number of rows; not more than are left
   */
  public void read(float[] target, int row, int count) {
    requireLeft(count);
    try {
      int done = 0;
      if (pages != null) {
        done = pages.read(target, row, count);
        next += done;
        if (done < count) {
          readSingleValuesFrom(next);
        }
      }
      for (; done < count; done++, next++) {
        readOne(target, (row + done) * dim);
      }
      if (scales.isPresent()) {
        for (int i = 0; i < count; i++) {
          EmbeddingFile.scale(target, (row + i) * dim, dim, (float) scales.get().nextDouble());
        }
      }
    } catch (IOException | RuntimeException e) {
      throw unreadable(e);
    }
  }

  /**
   * Skips vectors; whole pages are not decompressed.
   *
   * @param count number of rows; not more than are left
   */
  public void skip(int count) {
    requireLeft(count);
    try {
      int done = 0;
      if (pages != null) {
        done = pages.skip(count);
        next += done;
        if (done < count) {
          readSingleValuesFrom(next);
        }
      }
      for (; done < count; done++, next++) {
        readOne(null, 0);
      }
      scales.ifPresent(s -> s.skip(count));
    } catch (IOException | RuntimeException e) {
      throw unreadable(e);
    }
  }

  private void requireLeft(int count) {
    if (count < 0 || count > rows - next) {
      throw new IllegalArgumentException(
          "%s: expected at most %d rows, found %d".formatted(file, rows - next, count));
    }
  }

  /** The pages are not regular from here on: starts again with single values. */
  private void readSingleValuesFrom(long row) throws IOException {
    pages = null;
    reader = values.open();
    for (long i = 0; i < row; i++) {
      readOne(null, 0);
    }
  }

  private int lengthOfTheFirst() throws IOException {
    ColumnReader probe = values.open();
    int length = 0;
    for (long i = 0; i < valuesLeft; i++, probe.consume()) {
      if (probe.getCurrentRepetitionLevel() == 0 && length > 0) {
        break;
      }
      length += probe.getCurrentDefinitionLevel() == present ? 1 : 0;
    }
    return length;
  }

  /**
   * Reads one row value by value.
   *
   * @param target null to skip the row
   */
  private void readOne(float[] target, int at) throws IOException {
    int length = 0;
    boolean missing = false;
    do {
      if (valuesLeft == 0) {
        throw new IOException("expected " + rows + " rows, found fewer");
      }
      if (reader.getCurrentDefinitionLevel() != present) {
        missing = true;
      } else if (length < dim && target != null) {
        target[at + length] = value.read(reader);
        length++;
      } else {
        reader.skip();
        length++;
      }
      if (--valuesLeft > 0) {
        reader.consume();
      }
    } while (valuesLeft > 0 && reader.getCurrentRepetitionLevel() != 0);
    if (missing) {
      if (target != null) {
        Arrays.fill(target, at, at + dim, Float.NaN);
      }
    } else if (length != dim) {
      throw new IOException("expected vectors of " + dim + " values, found one of " + length);
    }
  }

  private ConfigurationException unreadable(Exception cause) {
    return EmbeddingFile.unreadable(file, "column " + column, cause);
  }
}
