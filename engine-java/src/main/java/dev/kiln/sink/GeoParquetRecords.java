package dev.kiln.sink;

import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.timestampType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.locationtech.jts.geom.Envelope;

/**
 * Writes a small table as GeoParquet 1.1: one row group, zstd. The same rows give the same bytes.
 * Scenes, which have vectors, are written by {@link GeoParquetWriter}.
 */
public final class GeoParquetRecords {
  private static final int ZSTD_LEVEL = 3;
  private static final ParquetProperties PROPERTIES = ParquetProperties.builder().build();

  private GeoParquetRecords() {}

  /** Type of the values of a column; null is a value of every type. */
  public enum Type {
    /** {@link String}. */
    TEXT(PrimitiveTypeName.BINARY),
    /** {@link Integer}. */
    INT32(PrimitiveTypeName.INT32),
    /** {@link Float}. */
    FLOAT(PrimitiveTypeName.FLOAT),
    /** {@link Double}. */
    DOUBLE(PrimitiveTypeName.DOUBLE),
    /** {@link Instant}, stored in microseconds. */
    TIMESTAMP(PrimitiveTypeName.INT64),
    /** {@code byte[]} of well-known binary. */
    WKB(PrimitiveTypeName.BINARY);

    private final PrimitiveTypeName stored;

    Type(PrimitiveTypeName stored) {
      this.stored = stored;
    }
  }

  /**
   * {@return the bytes of a file}
   *
   * @param columns types by name, in order; with a column {@code geometry} of {@link Type#WKB}, and
   *     columns {@code xmin}, {@code ymin}, {@code xmax} and {@code ymax}, which become the members
   *     of {@code bbox}
   * @param rows values in the order of the columns
   * @param footer further key-value pairs
   */
  public static byte[] toBytes(
      Map<String, Type> columns, List<Object[]> rows, Map<String, String> footer) {
    MessageType schema = schema(columns);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
    try (ParquetFileWriter writer =
        new ParquetFileWriter(
            new StreamFile(bytes),
            schema,
            ParquetFileWriter.Mode.CREATE,
            ParquetWriter.DEFAULT_BLOCK_SIZE,
            ParquetWriter.MAX_PADDING_SIZE_DEFAULT,
            null,
            PROPERTIES)) {
      writer.start();
      if (!rows.isEmpty()) {
        write(schema, columns, rows, writer);
      }
      Map<String, String> keys = new LinkedHashMap<>(footer);
      // Rows of any dataset: their outlines have any type and orientation.
      keys.put("geo", FooterKeys.geo(Set.of(), new Envelope(), false).toString());
      writer.end(keys);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write Parquet to memory", e);
    }
    return bytes.toByteArray();
  }

  private static boolean isSide(String column) {
    return switch (column) {
      case "xmin", "ymin", "xmax", "ymax" -> true;
      default -> false;
    };
  }

  private static MessageType schema(Map<String, Type> columns) {
    Types.MessageTypeBuilder message = Types.buildMessage();
    Types.GroupBuilder<GroupType> box = Types.requiredGroup();
    columns.forEach(
        (name, type) -> {
          if (isSide(name)) {
            box.optional(type.stored).named(name);
          } else {
            message.addField(
                switch (type) {
                  case TEXT -> Types.optional(type.stored).as(stringType()).named(name);
                  case TIMESTAMP ->
                      Types.optional(type.stored)
                          .as(timestampType(true, TimeUnit.MICROS))
                          .named(name);
                  default -> Types.optional(type.stored).named(name);
                });
          }
        });
    return message.addField(box.named(SceneSchema.BBOX)).named("kiln");
  }

  private static void write(
      MessageType schema, Map<String, Type> columns, List<Object[]> rows, ParquetFileWriter writer)
      throws IOException {
    try (ColumnChunkPageWriteStore pages = ZstdPages.open(schema, ZSTD_LEVEL);
        ColumnWriteStore store = PROPERTIES.newColumnWriteStore(schema, pages, pages)) {
      for (Object[] row : rows) {
        int i = 0;
        for (Map.Entry<String, Type> column : columns.entrySet()) {
          String name = column.getKey();
          ColumnDescriptor descriptor =
              isSide(name)
                  ? schema.getColumnDescription(new String[] {SceneSchema.BBOX, name})
                  : schema.getColumnDescription(new String[] {name});
          write(store.getColumnWriter(descriptor), column.getValue(), row[i++]);
        }
        store.endRecord();
      }
      writer.startBlock(rows.size());
      store.flush();
      pages.flushToFileWriter(writer);
      writer.endBlock();
    }
  }

  private static void write(ColumnWriter column, Type type, Object value) {
    if (value == null) {
      column.writeNull(0, 0);
      return;
    }
    switch (type) {
      case TEXT -> column.write(Binary.fromString((String) value), 0, 1);
      case INT32 -> column.write((int) (Integer) value, 0, 1);
      case FLOAT -> column.write((float) (Float) value, 0, 1);
      case DOUBLE -> column.write((double) (Double) value, 0, 1);
      case TIMESTAMP ->
          column.write(ChronoUnit.MICROS.between(Instant.EPOCH, (Instant) value), 0, 1);
      case WKB -> column.write(Binary.fromConstantByteArray((byte[]) value), 0, 1);
    }
  }
}
