package dev.kiln.sink;

import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;

/** Conversion of Parquet values to Java, and names of Parquet types. */
final class ColumnValues {
  private ColumnValues() {}

  /**
   * Returns the reader's current value: String, Instant, LocalDate, Integer, Long, Float, Double or
   * Boolean, and byte[] for any other type.
   */
  static Object current(ColumnReader reader) {
    PrimitiveType type = reader.getDescriptor().getPrimitiveType();
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    return switch (type.getPrimitiveTypeName()) {
      case BOOLEAN -> reader.getBoolean();
      case INT32 ->
          logical instanceof DateLogicalTypeAnnotation
              ? LocalDate.ofEpochDay(reader.getInteger())
              : (Object) reader.getInteger();
      case INT64 ->
          logical instanceof TimestampLogicalTypeAnnotation timestamp
              ? Instant.EPOCH.plus(reader.getLong(), unit(timestamp))
              : (Object) reader.getLong();
      case FLOAT -> reader.getFloat();
      case DOUBLE -> reader.getDouble();
      case BINARY, FIXED_LEN_BYTE_ARRAY, INT96 ->
          logical instanceof StringLogicalTypeAnnotation
              ? reader.getBinary().toStringUsingUTF8()
              : reader.getBinary().getBytes();
    };
  }

  /** Returns whether values are dates or timestamps. */
  static boolean isTime(PrimitiveType type) {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    return logical instanceof DateLogicalTypeAnnotation
        || logical instanceof TimestampLogicalTypeAnnotation;
  }

  /** Returns a stored date or timestamp in microseconds since 1970, rounded down. */
  static long micros(PrimitiveType type, long stored) {
    if (type.getLogicalTypeAnnotation() instanceof TimestampLogicalTypeAnnotation timestamp) {
      return switch (timestamp.getUnit()) {
        case MILLIS -> Math.multiplyExact(stored, 1000L);
        case MICROS -> stored;
        case NANOS -> Math.floorDiv(stored, 1000L);
      };
    }
    return Math.multiplyExact(stored, 86_400_000_000L);
  }

  private static ChronoUnit unit(TimestampLogicalTypeAnnotation timestamp) {
    return switch (timestamp.getUnit()) {
      case MILLIS -> ChronoUnit.MILLIS;
      case MICROS -> ChronoUnit.MICROS;
      case NANOS -> ChronoUnit.NANOS;
    };
  }

  /**
   * Returns the name of a type, such as {@code string}, {@code int32}, {@code
   * timestamp(micros,true)}.
   */
  static String typeName(PrimitiveType type) {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    String name = logical == null ? type.getPrimitiveTypeName().name() : logical.toString();
    return name.toLowerCase(Locale.ROOT);
  }
}
