package dev.kiln.sink;

import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.schema.LogicalTypeAnnotation.Float16LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;

/** How a value of a stored vector is converted to float32. */
enum VectorValue {
  /** As it is. */
  FLOAT32,
  /** Rounded. */
  FLOAT64,
  /** IEEE 754 binary16. */
  FLOAT16,
  /** To be multiplied by the scale of its vector. */
  INT8,
  /** Not a vector. */
  OTHER;

  /** Returns the conversion for a column of lists. */
  static VectorValue of(ColumnDescriptor column) {
    PrimitiveType type = column.getPrimitiveType();
    return switch (type.getPrimitiveTypeName()) {
      case FLOAT -> FLOAT32;
      case DOUBLE -> FLOAT64;
      case FIXED_LEN_BYTE_ARRAY ->
          type.getLogicalTypeAnnotation() instanceof Float16LogicalTypeAnnotation ? FLOAT16 : OTHER;
      case INT32 ->
          type.getLogicalTypeAnnotation() instanceof IntLogicalTypeAnnotation integer
                  && integer.getBitWidth() == 8
                  && integer.isSigned()
              ? INT8
              : OTHER;
      default -> OTHER;
    };
  }

  /** Returns the reader's current value. */
  float read(ColumnReader reader) {
    return switch (this) {
      case FLOAT32 -> reader.getFloat();
      case FLOAT64 -> (float) reader.getDouble();
      case INT8 -> reader.getInteger();
      case FLOAT16 -> {
        ByteBuffer bytes = reader.getBinary().toByteBuffer();
        yield DataType.FP16.toFloat(
            bytes.order(ByteOrder.LITTLE_ENDIAN).getShort(bytes.position()));
      }
      case OTHER -> throw new IllegalStateException("expected a vector");
    };
  }
}
