package dev.kiln.sink;

import static org.apache.parquet.schema.LogicalTypeAnnotation.float16Type;
import static org.apache.parquet.schema.LogicalTypeAnnotation.intType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.timestampType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.DOUBLE;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT64;

import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** Columns of Kiln's output: one row per chip or patch, no nulls. */
public final class SceneSchema {
  /** Name of the geometry column. */
  public static final String GEOMETRY = "geometry";

  /** Name of the column of embeddings. */
  static final String VECTORS = "embeddings";

  /** Name of the column of means of patch tokens. */
  static final String MEANS = "embeddings_mean";

  /** Added to the name of a column of int8 vectors: the column of their scales. */
  static final String SCALE = "_scale";

  static final String BBOX = "bbox";

  private SceneSchema() {}

  /** Returns the columns of a file. */
  static MessageType of(VectorColumns columns) {
    List<Type> fields = new ArrayList<>();
    fields.add(text("chip_id"));
    fields.add(text("item_id"));
    fields.add(text("platform"));
    fields.add(Types.required(INT64).as(timestampType(true, TimeUnit.MICROS)).named("datetime"));
    fields.add(Types.required(FLOAT).named("gsd"));
    fields.add(Types.required(INT32).named("chip_x"));
    fields.add(Types.required(INT32).named("chip_y"));
    if (columns.patchGrid() > 0) {
      fields.add(Types.required(INT32).named("patch_x"));
      fields.add(Types.required(INT32).named("patch_y"));
    }
    fields.add(Types.required(FLOAT).named("cloud"));
    fields.add(Types.required(FLOAT).named("nodata"));
    fields.add(text("uri"));
    fields.add(text("model"));
    addVectors(fields, VECTORS, columns.type());
    if (columns.mean()) {
      addVectors(fields, MEANS, columns.type());
    }
    fields.add(Types.required(BINARY).named(GEOMETRY));
    fields.add(
        Types.requiredGroup()
            .required(DOUBLE)
            .named("xmin")
            .required(DOUBLE)
            .named("ymin")
            .required(DOUBLE)
            .named("xmax")
            .required(DOUBLE)
            .named("ymax")
            .named(BBOX));
    return new MessageType("kiln", fields);
  }

  private static Type text(String name) {
    return Types.required(BINARY).as(stringType()).named(name);
  }

  private static void addVectors(List<Type> fields, String name, VectorType type) {
    Type element =
        switch (type) {
          case FLOAT32 -> Types.required(FLOAT).named("element");
          case FLOAT16 ->
              Types.required(FIXED_LEN_BYTE_ARRAY).length(2).as(float16Type()).named("element");
          case INT8 -> Types.required(INT32).as(intType(8, true)).named("element");
        };
    fields.add(Types.requiredList().element(element).named(name));
    if (type == VectorType.INT8) {
      fields.add(Types.required(FLOAT).named(name + SCALE));
    }
  }

  /** Returns the path of the values of a column of vectors, in the three levels of a LIST. */
  static String[] elementOf(String vectors) {
    return new String[] {vectors, "list", "element"};
  }
}
