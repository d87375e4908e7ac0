package dev.kiln.export;

import static dev.kiln.export.EncoderTensors.METADATA;
import static dev.kiln.export.OnnxGraph.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDescription;
import dev.kiln.platform.Platform;
import java.util.List;
import java.util.Map;

/**
 * Writes the Clay v1.5 encoder of one platform and chip size as ONNX.
 *
 * <p>L = (chip/8)² patches and all widths are fixed; the batch is symbolic. Only operators of the
 * standard set are used, LayerNorm, GELU and attention as one operator each.
 */
final class EncoderGraph {
  static final int OPSET = 23;

  private static final long BATCH = -1;
  private static final List<AttributeProto> LAYER_NORM =
      List.of(attribute("axis", -1), attribute("epsilon", 1e-5f));

  private final OnnxGraph graph;
  private final Architecture architecture;
  private final Platform platform;
  private final int side;
  private final int patches;

  private EncoderGraph(OnnxGraph graph, Architecture architecture, Platform platform, int chip) {
    this.graph = graph;
    this.architecture = architecture;
    this.platform = platform;
    this.side = chip / Architecture.PATCH;
    this.patches = side * side;
  }

  /**
   * The model of one graph file.
   *
   * @param chip side of a chip in pixels, a multiple of 8
   * @param tokens give every token after the last LayerNorm instead of the embedding alone
   * @param weightsFile name of the file that the weights lie in
   * @param weights what lies where in it
   */
  static ModelProto build(
      Architecture architecture,
      Platform platform,
      int chip,
      boolean tokens,
      String weightsFile,
      Map<String, ModelDescription.Tensor> weights) {
    OnnxGraph graph = new OnnxGraph("clay-" + platform.name(), weightsFile, weights);
    EncoderGraph encoder = new EncoderGraph(graph, architecture, platform, chip);
    String x = encoder.embed();
    for (int block = 0; block < architecture.depth() - 1; block++) {
      x = encoder.block(block, x);
    }
    encoder.lastBlock(x, tokens);
    return graph.build(OPSET);
  }

  /** Patches, position, time and location to {@code [batch, 1 + L, dim]}. */
  private String embed() {
    long dim = architecture.dim();
    String patchRows =
        graph.input(
            "patches", BATCH, patches, (long) platform.bands().size() * Architecture.patchPixels());
    String gsd = graph.input("gsd", 1);
    String time = graph.input("time", BATCH, 4);
    String latlon = graph.input("latlon", BATCH, 4);

    String patch = "patch." + platform.name();
    String product =
        graph.node("MatMul", "embed/product", patchRows, graph.weight(patch + ".weight"));
    String tokens = graph.node("Add", "embed/tokens", product, graph.weight(patch + ".bias"));
    String placed = graph.node("Add", "embed/placed", tokens, position(gsd));
    String located = graph.node("Add", "embed/located", placed, metadata(time, latlon));

    String batch =
        graph.node(
            "Shape", "embed/batch", List.of(attribute("start", 0), attribute("end", 1)), patchRows);
    String shape =
        graph.node(
            "Concat",
            "embed/class_shape",
            List.of(attribute("axis", 0)),
            batch,
            graph.constant("shape.token", 1, dim));
    String classToken = graph.node("Expand", "embed/class_token", graph.weight("cls_token"), shape);
    return graph.node(
        "Concat", "embed/sequence", List.of(attribute("axis", 1)), classToken, located);
  }

  /**
   * Sines and cosines of column and row, {@code [L, dim]}, zero where the metadata goes. Angles of
   * one axis are computed once per index, then laid out over the grid.
   */
  private String position(String gsd) {
    float[] index = new float[side];
    long[] column = new long[patches];
    long[] row = new long[patches];
    for (int i = 0; i < side; i++) {
      index[i] = i;
    }
    for (int i = 0; i < patches; i++) {
      column[i] = i % side;
      row[i] = i / side;
    }
    String omega = graph.node("Mul", "position/omega", graph.weight("position.omega"), gsd);
    String angle =
        graph.node(
            "Mul", "position/angle", graph.constant("position.index", index, side, 1), omega);
    String waves =
        graph.node(
            "Concat",
            "position/waves",
            List.of(attribute("axis", 1)),
            graph.node("Sin", "position/sin", angle),
            graph.node("Cos", "position/cos", angle));
    String both =
        graph.node(
            "Concat",
            "position/grid",
            List.of(attribute("axis", 1)),
            graph.node("Gather", "position/columns", waves, graph.constant("position.x", column)),
            graph.node("Gather", "position/rows", waves, graph.constant("position.y", row)));
    return graph.node(
        "Pad", "position/padded", both, graph.constant("pad.metadata", 0, 0, 0, METADATA));
  }

  /** Time and location at the end of an otherwise zero token, {@code [batch, 1, dim]}. */
  private String metadata(String time, String latlon) {
    String both =
        graph.node("Concat", "metadata/values", List.of(attribute("axis", 1)), time, latlon);
    String padded =
        graph.node(
            "Pad",
            "metadata/padded",
            both,
            graph.constant("pad.position", 0, architecture.dim() - METADATA, 0, 0));
    return graph.node("Unsqueeze", "metadata/token", padded, graph.constant("axis.1", 1));
  }

  /** A block whose tokens are all needed. */
  private String block(int block, String x) {
    String name = "block.%d.attention".formatted(block);
    String normed = norm(name + ".norm", x);
    String qkv = graph.node("MatMul", name + "/qkv", normed, graph.weight(name + ".qkv"));
    List<String> parts = List.of(name + "/q", name + "/k", name + "/v");
    graph.nodes("Split", parts, List.of(attribute("axis", 2), attribute("num_outputs", 3)), qkv);
    return mlp(block, attention(block, x, parts.get(0), parts.get(1), parts.get(2)));
  }

  /** The last block, of which only token 0 is needed unless all were asked for. */
  private void lastBlock(String x, boolean tokens) {
    int last = architecture.depth() - 1;
    String name = "block.%d.attention".formatted(last);
    String normed = norm(name + ".norm", x);
    String kv = graph.node("MatMul", name + "/kv", normed, graph.weight(name + ".kv"));
    List<String> parts = List.of(name + "/k", name + "/v");
    graph.nodes("Split", parts, List.of(attribute("axis", 2), attribute("num_outputs", 2)), kv);
    String queried = tokens ? normed : classToken(name + "/class", normed);
    String carried = tokens ? x : classToken("carried/class", x);
    String q = graph.node("MatMul", name + "/q", queried, graph.weight(name + ".q"));
    String out = mlp(last, attention(last, carried, q, parts.get(0), parts.get(1)));
    if (tokens) {
      finalNorm("tokens", out);
      graph.output("tokens", BATCH, 1L + patches, architecture.dim());
    } else {
      String flat = graph.node("Squeeze", "class", out, graph.constant("axis.1", 1));
      finalNorm("embedding", flat);
      graph.output("embedding", BATCH, architecture.dim());
    }
  }

  private String classToken(String name, String x) {
    return graph.node(
        "Slice",
        name,
        x,
        graph.constant("slice.start", 0),
        graph.constant("slice.end", 1),
        graph.constant("axis.1", 1));
  }

  /**
   * {@code x + out(attention(q, k, v))}; the scale is in q's weights. Attention stays one operator:
   * TensorRT maps it to a fused kernel without having to find a pattern, and ONNX Runtime runs it
   * no slower than the product, softmax and product that it stands for.
   */
  private String attention(int block, String x, String q, String k, String v) {
    String name = "block.%d.attention".formatted(block);
    long heads = architecture.heads();
    String attended =
        graph.node(
            "Attention",
            name + "/attended",
            List.of(
                attribute("q_num_heads", heads),
                attribute("kv_num_heads", heads),
                attribute("scale", 1f)),
            q,
            k,
            v);
    String out = graph.node("MatMul", name + "/out", attended, graph.weight(name + ".out"));
    return graph.node("Add", name + "/sum", out, x);
  }

  private String mlp(int block, String x) {
    String name = "block.%d.mlp".formatted(block);
    String up = linear(name + ".up", norm(name + ".norm", x));
    String down = linear(name + ".down", graph.node("Gelu", name + "/gelu", up));
    return graph.node("Add", name + "/sum", down, x);
  }

  private String linear(String name, String x) {
    String product = graph.node("MatMul", name + "/product", x, graph.weight(name + ".weight"));
    return graph.node("Add", name + "/biased", product, graph.weight(name + ".bias"));
  }

  private String norm(String name, String x) {
    return graph.node(
        "LayerNormalization",
        name + "/normed",
        LAYER_NORM,
        x,
        graph.weight(name + ".weight"),
        graph.weight(name + ".bias"));
  }

  private void finalNorm(String output, String x) {
    graph.node(
        "LayerNormalization",
        output,
        LAYER_NORM,
        x,
        graph.weight("norm.weight"),
        graph.weight("norm.bias"));
  }
}
