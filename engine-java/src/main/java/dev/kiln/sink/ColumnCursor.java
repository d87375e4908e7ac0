package dev.kiln.sink;

import dev.kiln.error.ConfigurationException;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.schema.PrimitiveType;

/**
 * The values of a column with one value per row, in row order. Each method returns the next value
 * or skips some; the caller knows the number of rows. Used by one thread.
 *
 * <p>Methods throw {@link ConfigurationException} with the name of the file if it is damaged.
 */
public final class ColumnCursor {
  private final String file;
  private final ColumnReader reader;
  private final PrimitiveType type;
  private final int present;
  private long left;

  /**
   * Creates a cursor before the first value.
   *
   * @param file its name, for messages
   * @param rows number of values
   */
  ColumnCursor(String file, ColumnReader reader, long rows) {
    this.file = file;
    this.reader = reader;
    this.type = reader.getDescriptor().getPrimitiveType();
    this.present = reader.getDescriptor().getMaxDefinitionLevel();
    this.left = rows;
  }

  private interface Reading<T> {
    T value();
  }

  private <T> T next(Reading<T> reading, T absent) {
    if (left <= 0) {
      throw new IllegalStateException(file + ": no rows left");
    }
    try {
      T value = reader.getCurrentDefinitionLevel() == present ? reading.value() : absent;
      if (--left > 0) {
        reader.consume();
      }
      return value;
    } catch (RuntimeException e) {
      throw EmbeddingFile.unreadable(
          file, "column " + String.join(".", reader.getDescriptor().getPath()), e);
    }
  }

  /** {@return a number; NaN if there is none} */
  public double nextDouble() {
    return next(
        () ->
            switch (type.getPrimitiveTypeName()) {
              case FLOAT -> (double) reader.getFloat();
              case DOUBLE -> reader.getDouble();
              case INT32 -> (double) reader.getInteger();
              case INT64 -> (double) reader.getLong();
              default -> throw wrongType("a number");
            },
        Double.NaN);
  }

  /**
   * {@return a date or time in microseconds since 1970}
   *
   * @param absent what is returned if there is none
   */
  public long nextMicros(long absent) {
    return next(
        () -> {
          if (!ColumnValues.isTime(type)) {
            throw wrongType("a date or timestamp");
          }
          long value =
              type.getPrimitiveTypeName() == PrimitiveType.PrimitiveTypeName.INT32
                  ? reader.getInteger()
                  : reader.getLong();
          return ColumnValues.micros(type, value);
        },
        absent);
  }

  /** {@return a text; empty if there is none} */
  public String nextText() {
    return next(() -> reader.getBinary().toStringUsingUTF8(), "");
  }

  /** {@return bytes; empty if there are none} */
  public byte[] nextBytes() {
    return next(() -> reader.getBinary().getBytes(), new byte[0]);
  }

  /**
   * Skips values.
   *
   * @param count number of values, at most those that are left
   */
  public void skip(long count) {
    for (long i = 0; i < count; i++) {
      next(
          () -> {
            reader.skip();
            return null;
          },
          null);
    }
  }

  private IllegalStateException wrongType(String expected) {
    return new IllegalStateException(
        "expected " + expected + ", found " + ColumnValues.typeName(type));
  }
}
