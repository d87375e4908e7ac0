package dev.kiln.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.kiln.type.DataType;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An ONNX graph under construction. Every value has the name of the node that computes it. Weights
 * are stored outside, in a file that several graphs share.
 */
final class OnnxGraph {
  /** Name of the only symbolic dimension. */
  static final String BATCH = "batch";

  private static final int IR_VERSION = 11;

  /**
   * A tensor of a weights file.
   *
   * @param shape row-major
   * @param offset its first byte
   */
  record Weight(DataType type, List<Long> shape, long offset) {
    Weight {
      shape = List.copyOf(shape);
    }

    /** Returns the number of values. */
    long size() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** Returns the size in bytes. */
    long bytes() {
      return size() * type.bytes();
    }
  }

  private final GraphProto.Builder graph;
  private final String weightsFile;
  private final Map<String, Weight> weights;
  private final Set<String> used = new HashSet<>();

  OnnxGraph(String name, String weightsFile, Map<String, Weight> weights) {
    this.graph = GraphProto.newBuilder().setName(name);
    this.weightsFile = weightsFile;
    this.weights = weights;
  }

  /** Declares an input of the graph; a negative size is the batch. */
  String input(String name, DataType type, long... shape) {
    graph.addInput(value(name, type, shape));
    return name;
  }

  /** Declares a value as a float32 output of the graph. */
  void output(String name, long... shape) {
    graph.addOutput(value(name, DataType.FP32, shape));
  }

  private static ValueInfoProto value(String name, DataType type, long... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (long size : shape) {
      TensorShapeProto.Dimension.Builder dimension = TensorShapeProto.Dimension.newBuilder();
      dimensions.addDim(size < 0 ? dimension.setDimParam(BATCH) : dimension.setDimValue(size));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TypeNames.onnx(type))
                        .setShape(dimensions)))
        .build();
  }

  /** Adds a tensor of the weights file unless it was added; returns its name. */
  String weight(String name) {
    Weight tensor = weights.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no weight " + name);
    }
    if (used.add(name)) {
      graph.addInitializer(
          TensorProto.newBuilder()
              .setName(name)
              .setDataType(TypeNames.onnx(tensor.type()))
              .addAllDims(tensor.shape())
              .setDataLocation(TensorProto.DataLocation.EXTERNAL)
              .addExternalData(entry("location", weightsFile))
              .addExternalData(entry("offset", Long.toString(tensor.offset())))
              .addExternalData(entry("length", Long.toString(tensor.bytes()))));
    }
    return name;
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  /** Adds a vector of integers to the graph itself; returns its name. */
  String constant(String name, long... values) {
    if (used.add(name)) {
      TensorProto.Builder tensor =
          TensorProto.newBuilder()
              .setName(name)
              .setDataType(TensorProto.DataType.INT64_VALUE)
              .addDims(values.length);
      for (long value : values) {
        tensor.addInt64Data(value);
      }
      graph.addInitializer(tensor);
    }
    return name;
  }

  /** Adds a float32 tensor to the graph itself; returns its name. */
  String constant(String name, float[] values, long... shape) {
    if (used.add(name)) {
      TensorProto.Builder tensor =
          TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE);
      for (long size : shape) {
        tensor.addDims(size);
      }
      for (float value : values) {
        tensor.addFloatData(value);
      }
      graph.addInitializer(tensor);
    }
    return name;
  }

  /** Adds an operator without attributes; returns the name of its output. */
  String node(String operator, String output, String... inputs) {
    return node(operator, output, List.of(), inputs);
  }

  /** Adds an operator; returns the name of its output. */
  String node(String operator, String output, List<AttributeProto> attributes, String... inputs) {
    nodes(operator, List.of(output), attributes, inputs);
    return output;
  }

  /** Adds an operator with several outputs. */
  void nodes(
      String operator, List<String> outputs, List<AttributeProto> attributes, String... inputs) {
    graph.addNode(
        NodeProto.newBuilder()
            .setName(outputs.get(0))
            .setOpType(operator)
            .addAllInput(List.of(inputs))
            .addAllOutput(outputs)
            .addAllAttribute(attributes));
  }

  static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  static AttributeProto attribute(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  /** Returns the finished model. */
  ModelProto build(int opset) {
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("kiln")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
        .setGraph(graph)
        .build();
  }
}
