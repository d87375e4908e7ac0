package dev.kiln.sink;

import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * One leaf column of a schema without nulls: a single value per row, or a list of values.
 *
 * @param path dotted path, such as {@code bbox.xmin}
 * @param descriptor in the schema
 * @param list whether a row has a list of values
 * @param width bytes of a value; 0 if they vary
 */
record RowColumn(String path, ColumnDescriptor descriptor, boolean list, int width) {

  /**
   * Returns the columns of a schema in its order.
   *
   * @throws IllegalArgumentException if a column can be null or is a list of lists
   */
  static List<RowColumn> of(MessageType schema) {
    return schema.getColumns().stream().map(RowColumn::of).toList();
  }

  static RowColumn of(ColumnDescriptor column) {
    String path = String.join(".", column.getPath());
    boolean list = column.getMaxRepetitionLevel() == 1;
    if (column.getMaxRepetitionLevel() > 1 || column.getMaxDefinitionLevel() != (list ? 1 : 0)) {
      throw new IllegalArgumentException(
          "column "
              + path
              + ": expected required values or a list of them, found nulls or lists"
              + " of lists");
    }
    int width =
        switch (column.getPrimitiveType().getPrimitiveTypeName()) {
          case INT32, FLOAT -> 4;
          case INT64, DOUBLE -> 8;
          case FIXED_LEN_BYTE_ARRAY -> column.getPrimitiveType().getTypeLength();
          case BINARY -> 0;
          case BOOLEAN, INT96 ->
              throw new IllegalArgumentException(
                  "column " + path + ": expected another type, found " + column.getPrimitiveType());
        };
    if (list && width == 0) {
      throw new IllegalArgumentException(
          "column " + path + ": expected a list of numbers, found a list of strings");
    }
    return new RowColumn(path, column, list, width);
  }

  /**
   * Returns whether {@link ListPages} writes the column: lists of floating-point values. Lists of
   * integers are left to parquet-java, which finds a dictionary for them.
   */
  boolean hasListPages() {
    return list && type() != PrimitiveTypeName.INT32 && type() != PrimitiveTypeName.INT64;
  }

  PrimitiveTypeName type() {
    return descriptor.getPrimitiveType().getPrimitiveTypeName();
  }
}
