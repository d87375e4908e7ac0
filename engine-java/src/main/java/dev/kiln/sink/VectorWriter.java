package dev.kiln.sink;

import dev.kiln.type.DataType;
import java.io.IOException;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.schema.MessageType;

/**
 * Writes one column of vectors of a row group, and the scales of int8 vectors.
 *
 * <p>Encodings are those that every reader knows: BYTE_STREAM_SPLIT for float32, PLAIN for float16,
 * a dictionary for int8, whose indexes have 8 bits.
 */
final class VectorWriter {
  private final MessageType schema;
  private final String name;
  private final VectorType type;
  private final int dim;

  /**
   * Creates a writer.
   *
   * @param name of the column
   */
  VectorWriter(MessageType schema, String name, VectorType type, int dim) {
    this.schema = schema;
    this.name = name;
    this.type = type;
    this.dim = dim;
  }

  /**
   * Writes int8 vectors and their scales, which parquet-java encodes.
   *
   * @param row of the vector
   */
  void writeInt8(ColumnWriteStore columns, float[] vectors, int row) {
    float scale = VectorType.scale(vectors, row * dim, dim);
    ColumnWriter values = columns.getColumnWriter(descriptor());
    for (int d = 0; d < dim; d++) {
      values.write(VectorType.quantize(vectors[row * dim + d], scale), d == 0 ? 0 : 1, 1);
    }
    columns
        .getColumnWriter(schema.getColumnDescription(new String[] {name + SceneSchema.SCALE}))
        .write(scale, 0, 0);
  }

  /** Writes float32 or float16 vectors of all rows, page by page. */
  void writePages(ColumnChunkPageWriteStore pages, float[] vectors) throws IOException {
    ColumnDescriptor column = descriptor();
    if (type == VectorType.FLOAT32) {
      new VectorPages(column, pages.getPageWriter(column), HeapByteBufferAllocator.getInstance())
          .write(vectors, dim);
    } else if (type == VectorType.FLOAT16) {
      ListPages lists = new ListPages(RowColumn.of(column), HeapByteBufferAllocator.getInstance());
      for (int at = 0; at < vectors.length; at += dim) {
        lists.addHalves(vectors, at, dim);
      }
      lists.write(pages.getPageWriter(column));
    }
  }

  private ColumnDescriptor descriptor() {
    return schema.getColumnDescription(SceneSchema.elementOf(name));
  }

  /** Returns the value that is stored for a value, in float32. */
  static float stored(float value, VectorType type, float scale) {
    return switch (type) {
      case FLOAT32 -> value;
      case FLOAT16 -> DataType.FP16.toFloat(DataType.FP16.toBits(value));
      case INT8 -> VectorType.quantize(value, scale) * scale;
    };
  }
}
