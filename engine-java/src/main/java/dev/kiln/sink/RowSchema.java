package dev.kiln.sink;

import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;

import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** Columns of a Parquet file without nulls, their types and their order. */
public final class RowSchema {
  private final MessageType message;

  RowSchema(MessageType message) {
    this.message = message;
  }

  MessageType message() {
    return message;
  }

  /**
   * {@return whether there is a column of this name}
   *
   * @param name of a column at the top level
   */
  public boolean has(String name) {
    return message.containsField(name);
  }

  /** {@return the dotted paths of the leaf columns} */
  public List<String> paths() {
    return RowColumn.of(message).stream().map(RowColumn::path).toList();
  }

  /** {@return the leaf columns of a name and their types in a few words} */
  public List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    for (Type field : message.getFields()) {
      if (field.isPrimitive()) {
        columns.add(new Column(field.getName(), ColumnValues.typeName(field.asPrimitiveType())));
      } else {
        boolean list = field.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation;
        columns.add(
            new Column(
                field.getName(),
                list
                    ? "list<"
                        + ColumnValues.typeName(
                            message.getColumns().stream()
                                .filter(c -> c.getPath()[0].equals(field.getName()))
                                .findFirst()
                                .orElseThrow()
                                .getPrimitiveType())
                        + ">"
                    : "struct"));
      }
    }
    return columns;
  }

  /**
   * A column.
   *
   * @param name in the schema
   * @param type such as {@code string} or {@code list<float>}
   */
  public record Column(String name, String type) {}

  /**
   * {@return a schema with required string columns appended, those that it lacks}
   *
   * @param names of the columns
   */
  public RowSchema withText(List<String> names) {
    List<Type> fields = new ArrayList<>(message.getFields());
    for (String name : names) {
      if (!has(name)) {
        fields.add(Types.required(BINARY).as(stringType()).named(name));
      }
    }
    return new RowSchema(new MessageType(message.getName(), fields));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RowSchema schema && message.equals(schema.message);
  }

  @Override
  public int hashCode() {
    return message.hashCode();
  }

  @Override
  public String toString() {
    return String.join(",", columns().stream().map(c -> c.name() + " " + c.type()).toList());
  }
}
