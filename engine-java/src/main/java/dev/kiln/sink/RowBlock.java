package dev.kiln.sink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The rows of one row group, column by column. Numbers are little-endian, as in Parquet.
 *
 * <p>A row is packed as the values of its columns in the order of the schema: numbers as they are,
 * strings after their length (int), lists after the number of their values (int).
 */
public final class RowBlock {
  /**
   * The values of one column.
   *
   * @param bytes of all values, without gaps
   * @param ends offset behind the last value of each row
   */
  record Values(byte[] bytes, int[] ends) {
    int start(int row) {
      return row == 0 ? 0 : ends[row - 1];
    }

    int length(int row) {
      return ends[row] - start(row);
    }
  }

  private final List<RowColumn> columns;
  private final Values[] values;
  private final int rows;

  /**
   * Creates a block.
   *
   * @param columns of the schema
   * @param values by column; null where a column was not read
   */
  RowBlock(List<RowColumn> columns, Values[] values, int rows) {
    this.columns = columns;
    this.values = values;
    this.rows = rows;
  }

  /** {@return the number of rows} */
  public int rows() {
    return rows;
  }

  private Values values(String path) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).path().equals(path) && values[i] != null) {
        return values[i];
      }
    }
    throw new IllegalArgumentException("column " + path + " was not read");
  }

  private ByteBuffer value(String path, int row) {
    Values column = values(path);
    return ByteBuffer.wrap(column.bytes(), column.start(row), column.length(row))
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * {@return a string}
   *
   * @param path dotted path of the column
   * @param row of the block, from 0
   */
  public String text(String path, int row) {
    return StandardCharsets.UTF_8.decode(value(path, row)).toString();
  }

  /**
   * {@return the bytes of a value or of all values of a list; a copy}
   *
   * @param path dotted path of the column
   * @param row of the block, from 0
   */
  public byte[] bytes(String path, int row) {
    ByteBuffer value = value(path, row);
    byte[] copy = new byte[value.remaining()];
    value.get(copy);
    return copy;
  }

  /**
   * {@return a value of type int64}
   *
   * @param path dotted path of the column
   * @param row of the block, from 0
   */
  public long int64(String path, int row) {
    return value(path, row).getLong();
  }

  /**
   * {@return a value of type float}
   *
   * @param path dotted path of the column
   * @param row of the block, from 0
   */
  public float float32(String path, int row) {
    return value(path, row).getFloat();
  }

  /**
   * {@return a value of type double}
   *
   * @param path dotted path of the column
   * @param row of the block, from 0
   */
  public double float64(String path, int row) {
    return value(path, row).getDouble();
  }

  /**
   * {@return whether all floating-point values of a row's lists, and all scales, are finite}
   *
   * @param row of the block, from 0
   */
  public boolean isFinite(int row) {
    for (int c = 0; c < columns.size(); c++) {
      RowColumn column = columns.get(c);
      if (values[c] == null || !(column.list() || column.path().endsWith(SceneSchema.SCALE))) {
        continue;
      }
      int exponent =
          switch (VectorValue.of(column.descriptor())) {
            case FLOAT32 -> 0x7f80;
            case FLOAT64 -> 0x7ff0;
            case FLOAT16 -> 0x7c00;
            default -> 0;
          };
      if (exponent == 0) {
        continue;
      }
      byte[] bytes = values[c].bytes();
      int width = column.width();
      for (int at = values[c].start(row); at < values[c].ends()[row]; at += width) {
        // The exponent of NaN and of the infinities has all bits set.
        int high = (bytes[at + width - 1] & 0xff) << 8 | bytes[at + width - 2] & 0xff;
        if ((high & exponent) == exponent) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * {@return the size of a packed row in bytes}
   *
   * @param row of the block, from 0
   */
  public int packedBytes(int row) {
    int size = 0;
    for (int c = 0; c < columns.size(); c++) {
      RowColumn column = columns.get(c);
      size += values[c].length(row) + (column.list() || column.width() == 0 ? Integer.BYTES : 0);
    }
    return size;
  }

  /**
   * Packs a row.
   *
   * @param row of the block, from 0
   * @param target little-endian; advanced
   */
  public void pack(int row, ByteBuffer target) {
    for (int c = 0; c < columns.size(); c++) {
      RowColumn column = columns.get(c);
      int length = values[c].length(row);
      if (column.list()) {
        target.putInt(length / column.width());
      } else if (column.width() == 0) {
        target.putInt(length);
      }
      target.put(values[c].bytes(), values[c].start(row), length);
    }
  }
}
