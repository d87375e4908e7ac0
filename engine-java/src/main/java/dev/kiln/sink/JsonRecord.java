package dev.kiln.sink;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Converts the values of one row to JSON. */
final class JsonRecord extends RecordMaterializer<ObjectNode> {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final long JULIAN_DAY_OF_1970 = 2_440_588;
  private static final int INT96_BYTES = 12;

  private final Struct root;
  private ObjectNode current;

  /**
   * Creates a converter.
   *
   * @param schema of the rows
   */
  JsonRecord(MessageType schema) {
    root = new Struct(schema, row -> current = (ObjectNode) row);
  }

  @Override
  public ObjectNode getCurrentRecord() {
    return current;
  }

  @Override
  public GroupConverter getRootConverter() {
    return root;
  }

  private static Converter converter(Type type, Consumer<JsonNode> parent) {
    if (type.isPrimitive()) {
      return new Value(type.asPrimitiveType(), parent);
    }
    GroupType group = type.asGroupType();
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    boolean nested =
        group.getFieldCount() == 1 && group.getType(0).isRepetition(Type.Repetition.REPEATED);
    if (nested && logical instanceof ListLogicalTypeAnnotation) {
      return new Elements(group.getType(0), parent);
    }
    if (nested
        && logical instanceof MapLogicalTypeAnnotation
        && !group.getType(0).isPrimitive()
        && group.getType(0).asGroupType().getFieldCount() == 2) {
      return new Entries(group.getType(0).asGroupType(), parent);
    }
    return new Struct(group, parent);
  }

  /** A struct; its repeated fields are arrays. */
  private static final class Struct extends GroupConverter {
    private final Consumer<JsonNode> parent;
    private final Converter[] fields;
    private ObjectNode struct;

    Struct(GroupType group, Consumer<JsonNode> parent) {
      this.parent = parent;
      this.fields = new Converter[group.getFieldCount()];
      for (int i = 0; i < fields.length; i++) {
        Type field = group.getType(i);
        String name = field.getName();
        fields[i] =
            field.isRepetition(Type.Repetition.REPEATED)
                ? converter(field, value -> struct.withArrayProperty(name).add(value))
                : converter(field, value -> struct.set(name, value));
      }
    }

    @Override
    public Converter getConverter(int field) {
      return fields[field];
    }

    @Override
    public void start() {
      struct = NODES.objectNode();
    }

    @Override
    public void end() {
      parent.accept(struct);
    }
  }

  /** A list: {@code repeated group list { element }}, or in old files {@code repeated element}. */
  private static final class Elements extends GroupConverter {
    private final Consumer<JsonNode> parent;
    private final Converter repeated;
    private ArrayNode array;

    Elements(Type repeated, Consumer<JsonNode> parent) {
      this.parent = parent;
      boolean wrapped =
          !repeated.isPrimitive()
              && repeated.asGroupType().getFieldCount() == 1
              && !repeated.getName().equals("array")
              && !repeated.getName().endsWith("_tuple");
      this.repeated =
          wrapped
              ? new Wrapped(repeated.asGroupType().getType(0), value -> array.add(value))
              : converter(repeated, value -> array.add(value));
    }

    @Override
    public Converter getConverter(int field) {
      return repeated;
    }

    @Override
    public void start() {
      array = NODES.arrayNode();
    }

    @Override
    public void end() {
      parent.accept(array);
    }
  }

  /** A group around one value, which may be null. */
  private static final class Wrapped extends GroupConverter {
    private final Consumer<JsonNode> parent;
    private final Converter inner;
    private JsonNode value;

    Wrapped(Type type, Consumer<JsonNode> parent) {
      this.parent = parent;
      this.inner = converter(type, read -> value = read);
    }

    @Override
    public Converter getConverter(int field) {
      return inner;
    }

    @Override
    public void start() {
      value = NODES.nullNode();
    }

    @Override
    public void end() {
      parent.accept(value);
    }
  }

  /** A map. */
  private static final class Entries extends GroupConverter {
    private final Consumer<JsonNode> parent;
    private final GroupConverter entry;
    private ObjectNode map;
    private JsonNode key;
    private JsonNode value;

    Entries(GroupType entries, Consumer<JsonNode> parent) {
      this.parent = parent;
      Converter keys = converter(entries.getType(0), read -> key = read);
      Converter values = converter(entries.getType(1), read -> value = read);
      this.entry =
          new GroupConverter() {
            @Override
            public Converter getConverter(int field) {
              return field == 0 ? keys : values;
            }

            @Override
            public void start() {
              key = NODES.nullNode();
              value = NODES.nullNode();
            }

            @Override
            public void end() {
              map.set(key.asString(""), value);
            }
          };
    }

    @Override
    public Converter getConverter(int field) {
      return entry;
    }

    @Override
    public void start() {
      map = NODES.objectNode();
    }

    @Override
    public void end() {
      parent.accept(map);
    }
  }

  /** A primitive value. */
  private static final class Value extends PrimitiveConverter {
    private final PrimitiveType type;
    private final LogicalTypeAnnotation logical;
    private final Consumer<JsonNode> parent;

    Value(PrimitiveType type, Consumer<JsonNode> parent) {
      this.type = type;
      this.logical = type.getLogicalTypeAnnotation();
      this.parent = parent;
    }

    @Override
    public void addBoolean(boolean value) {
      parent.accept(NODES.booleanNode(value));
    }

    @Override
    public void addFloat(float value) {
      // As a decimal, so that 0.6f is 0.6.
      parent.accept(
          Float.isFinite(value)
              ? NODES.numberNode(Double.parseDouble(Float.toString(value)))
              : NODES.numberNode((double) value));
    }

    @Override
    public void addDouble(double value) {
      parent.accept(NODES.numberNode(value));
    }

    @Override
    public void addInt(int value) {
      addLong(value);
    }

    @Override
    public void addLong(long value) {
      if (logical instanceof DateLogicalTypeAnnotation) {
        parent.accept(NODES.stringNode(LocalDate.ofEpochDay(value).toString()));
      } else if (logical instanceof TimestampLogicalTypeAnnotation timestamp) {
        parent.accept(NODES.stringNode(instant(timestamp, value).toString()));
      } else if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
        parent.accept(NODES.numberNode(BigDecimal.valueOf(value, decimal.getScale())));
      } else {
        parent.accept(NODES.numberNode(value));
      }
    }

    private static Instant instant(TimestampLogicalTypeAnnotation timestamp, long value) {
      return switch (timestamp.getUnit()) {
        case MILLIS -> Instant.ofEpochMilli(value);
        case MICROS -> Instant.EPOCH.plus(value, ChronoUnit.MICROS);
        case NANOS -> Instant.EPOCH.plusNanos(value);
      };
    }

    @Override
    public void addBinary(Binary value) {
      if (logical instanceof StringLogicalTypeAnnotation
          || logical instanceof EnumLogicalTypeAnnotation) {
        parent.accept(NODES.stringNode(value.toStringUsingUTF8()));
      } else if (logical instanceof JsonLogicalTypeAnnotation) {
        parent.accept(json(value.toStringUsingUTF8()));
      } else if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
        parent.accept(
            NODES.numberNode(new BigDecimal(new BigInteger(value.getBytes()), decimal.getScale())));
      } else if (type.getPrimitiveTypeName() == PrimitiveTypeName.INT96
          && value.length() == INT96_BYTES) {
        parent.accept(NODES.stringNode(int96(value.toByteBuffer()).toString()));
      } else {
        parent.accept(NODES.binaryNode(value.getBytes()));
      }
    }

    private static JsonNode json(String text) {
      try {
        return JsonMapper.shared().readTree(text);
      } catch (JacksonException e) {
        return NODES.stringNode(text);
      }
    }

    /** Nanoseconds of the day, and the Julian day, as old writers store times. */
    private static Instant int96(ByteBuffer bytes) {
      ByteBuffer value = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
      long nanos = value.getLong();
      long days = value.getInt() - JULIAN_DAY_OF_1970;
      return Instant.EPOCH.plus(days, ChronoUnit.DAYS).plusNanos(nanos);
    }
  }
}
