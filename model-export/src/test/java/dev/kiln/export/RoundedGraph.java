package dev.kiln.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph of 16-bit products as one that ONNX Runtime computes on a CPU: each operator runs in
 * float32, and what it gives is rounded as its type asks. It is how a GPU computes, which adds up a
 * product in float32 and rounds it once.
 *
 * <p>While it goes through the graph it holds the rule of a strongly typed one: the inputs of an
 * operator have one type.
 */
final class RoundedGraph {
  private final Map<String, Integer> types = new HashMap<>();
  private final GraphProto.Builder graph;
  private final ModelProto.Builder model;

  private RoundedGraph(ModelProto typed) {
    this.model = typed.toBuilder();
    this.graph = typed.getGraph().toBuilder().clearNode().clearInput();
    for (TensorProto weight : typed.getGraph().getInitializerList()) {
      types.put(weight.getName(), weight.getDataType());
      if (isNarrow(weight.getDataType())) {
        cast(exact(weight.getName()), weight.getName(), DataType.FLOAT_VALUE);
      }
    }
    for (ValueInfoProto input : typed.getGraph().getInputList()) {
      int type = input.getType().getTensorType().getElemType();
      types.put(input.getName(), type);
      graph.addInput(isNarrow(type) ? widened(input) : input);
      if (isNarrow(type)) {
        round(input.getName(), input.getName(), type);
      }
    }
    typed.getGraph().getNodeList().forEach(this::add);
  }

  static ModelProto of(ModelProto typed) {
    RoundedGraph rounded = new RoundedGraph(typed);
    return rounded.model.setGraph(rounded.graph).build();
  }

  /** Type of every value of a typed graph, by name. */
  static Map<String, Integer> types(ModelProto typed) {
    return new RoundedGraph(typed).types;
  }

  static boolean isNarrow(int type) {
    return type == DataType.FLOAT16_VALUE || type == DataType.BFLOAT16_VALUE;
  }

  private static String exact(String name) {
    return name + "/float32";
  }

  private static ValueInfoProto widened(ValueInfoProto input) {
    ValueInfoProto.Builder wide = input.toBuilder();
    wide.getTypeBuilder().getTensorTypeBuilder().setElemType(DataType.FLOAT_VALUE);
    return wide.build();
  }

  private void add(NodeProto node) {
    NodeProto.Builder exact = node.toBuilder().clearInput().clearAttribute();
    for (AttributeProto attribute : node.getAttributeList()) {
      if (!attribute.getName().startsWith("TRT_")) {
        exact.addAttribute(attribute);
      }
    }
    for (String input : node.getInputList()) {
      exact.addInput(isNarrow(types.get(input)) ? exact(input) : input);
    }
    int type = typeOf(node);
    node.getOutputList().forEach(output -> types.put(output, type));
    if (!isNarrow(type)) {
      graph.addNode(exact);
      return;
    }
    if (node.getOpType().equals("Cast")) {
      round(node.getOutput(0), exact.getInput(0), type);
      return;
    }
    exact.clearOutput();
    for (String output : node.getOutputList()) {
      exact.addOutput(output + "/sum");
    }
    graph.addNode(exact);
    for (String output : node.getOutputList()) {
      round(output, output + "/sum", type);
    }
  }

  /** Type of what a node gives; shapes and indices aside, all that it takes must be of it. */
  private int typeOf(NodeProto node) {
    if (node.getOpType().equals("Cast")) {
      return (int) node.getAttribute(0).getI();
    }
    if (node.getOpType().equals("Shape")) {
      return DataType.INT64_VALUE;
    }
    List<Integer> given = new ArrayList<>();
    for (String input : node.getInputList()) {
      if (types.get(input) != DataType.INT64_VALUE) {
        given.add(types.get(input));
      }
    }
    if (given.isEmpty()) {
      return DataType.INT64_VALUE;
    }
    if (given.stream().distinct().count() != 1) {
      throw new AssertionError(
          "%s %s mixes types: %s".formatted(node.getOpType(), node.getName(), node.getInputList()));
    }
    return given.get(0);
  }

  private void round(String name, String from, int type) {
    cast(name + "/16", from, type);
    cast(exact(name), name + "/16", DataType.FLOAT_VALUE);
  }

  private void cast(String output, String input, int type) {
    graph.addNode(
        NodeProto.newBuilder()
            .setName(output)
            .setOpType("Cast")
            .addInput(input)
            .addOutput(output)
            .addAttribute(OnnxGraph.attribute("to", type)));
  }
}
