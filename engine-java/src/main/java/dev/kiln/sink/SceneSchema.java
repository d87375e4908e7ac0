package dev.kiln.sink;

import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.timestampType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.DOUBLE;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT64;

import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Types;

/** Columns of Kiln's output: one row per chip, no nulls. */
public final class SceneSchema {
  /** Name of the geometry column. */
  public static final String GEOMETRY = "geometry";

  static final String BBOX = "bbox";
  private static final String VECTORS = "embeddings";

  /** Path of the values of the vectors, in the three levels of Parquet's LIST. */
  static final String VECTOR_ELEMENT = VECTORS + ".list.element";

  static final MessageType MESSAGE =
      Types.buildMessage()
          .required(BINARY)
          .as(stringType())
          .named("chip_id")
          .required(BINARY)
          .as(stringType())
          .named("item_id")
          .required(BINARY)
          .as(stringType())
          .named("platform")
          .required(INT64)
          .as(timestampType(true, TimeUnit.MICROS))
          .named("datetime")
          .required(FLOAT)
          .named("gsd")
          .required(INT32)
          .named("chip_x")
          .required(INT32)
          .named("chip_y")
          .required(FLOAT)
          .named("cloud")
          .required(FLOAT)
          .named("nodata")
          .requiredList()
          .requiredElement(FLOAT)
          .named(VECTORS)
          .required(BINARY)
          .named(GEOMETRY)
          .requiredGroup()
          .required(DOUBLE)
          .named("xmin")
          .required(DOUBLE)
          .named("ymin")
          .required(DOUBLE)
          .named("xmax")
          .required(DOUBLE)
          .named("ymax")
          .named(BBOX)
          .named("kiln");

  /** The schema without the vectors. */
  static final MessageType BUT_VECTORS =
      new MessageType(
          MESSAGE.getName(),
          MESSAGE.getFields().stream().filter(f -> !f.getName().equals(VECTORS)).toList());

  private SceneSchema() {}
}
