package dev.kiln.sink;

import java.io.IOException;
import java.util.Arrays;
import org.apache.parquet.column.ColumnReader;

/**
 * Vectors of equal length.
 *
 * @param dim length of a vector; 0 without vectors
 * @param values {@code [count, dim]}, row-major
 */
public record Vectors(int dim, float[] values) {

  /** {@return the number of vectors} */
  public int count() {
    return dim == 0 ? 0 : values.length / dim;
  }

  /** Reads a list column from its first value; rows without a list add no vector. */
  static Vectors read(ColumnReader reader, int valueCount) throws IOException {
    VectorValue value = VectorValue.of(reader.getDescriptor());
    int present = reader.getDescriptor().getMaxDefinitionLevel();
    float[] values = new float[valueCount];
    int dim = 0;
    int start = 0;
    int end = 0;
    for (int i = 0; i < valueCount; i++, reader.consume()) {
      if (reader.getCurrentRepetitionLevel() == 0) {
        dim = sameLength(dim, end - start);
        start = end;
      }
      if (reader.getCurrentDefinitionLevel() == present) {
        values[end++] = value.read(reader);
      }
    }
    dim = sameLength(dim, end - start);
    return new Vectors(dim, end == valueCount ? values : Arrays.copyOf(values, end));
  }

  private static int sameLength(int dim, int length) throws IOException {
    if (dim != 0 && length != 0 && dim != length) {
      throw new IOException("expected vectors of " + dim + " values, found one of " + length);
    }
    return dim == 0 ? length : dim;
  }
}
