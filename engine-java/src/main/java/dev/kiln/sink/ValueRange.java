package dev.kiln.sink;

import java.util.Optional;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;

/**
 * The values of a numeric column in one row group, nulls apart.
 *
 * @param min at most the smallest value
 * @param max at least the greatest value
 */
public record ValueRange(double min, double max) {

  /** Returns the range that the file records, if it records one. */
  static Optional<ValueRange> of(ColumnDescriptor column, ColumnChunkMetaData chunk) {
    Statistics<?> statistics = chunk.getStatistics();
    if (statistics == null
        || !statistics.hasNonNullValue()
        || !(statistics.genericGetMin() instanceof Number min)
        || !(statistics.genericGetMax() instanceof Number max)) {
      return Optional.empty();
    }
    double least = min.doubleValue();
    double greatest = max.doubleValue();
    if (ColumnValues.isTime(column.getPrimitiveType())) {
      least = ColumnValues.micros(column.getPrimitiveType(), min.longValue());
      greatest = ColumnValues.micros(column.getPrimitiveType(), max.longValue());
    }
    // NaN has no order, so a range with it says nothing.
    return least <= greatest ? Optional.of(new ValueRange(least, greatest)) : Optional.empty();
  }

  /**
   * {@return whether a value within these limits is possible}
   *
   * @param from lower limit, included
   * @param to upper limit, included
   */
  public boolean meets(double from, double to) {
    return max >= from && min <= to;
  }
}
