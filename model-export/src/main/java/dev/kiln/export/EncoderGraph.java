package dev.kiln.export;

import static dev.kiln.export.EncoderTensors.METADATA;
import static dev.kiln.export.OnnxGraph.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import dev.kiln.model.Architecture;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes the Clay v1.5 encoder of one platform and chip size as ONNX.
 *
 * <p>L = (chip/8)² patches and all widths are fixed; the batch is symbolic. Only operators of the
 * standard set are used, LayerNorm, GELU and attention as one operator each.
 *
 * <p>Matrix products, GELU and attention compute in the variant's type. The residual stream,
 * LayerNorm and the embedding are always float32, because rounding errors there would accumulate
 * over the blocks. A float32 variant contains no casts.
 */
final class EncoderGraph {
  static final int OPSET = 23;

  private static final long BATCH = -1;
  private static final List<AttributeProto> LAYER_NORM =
      List.of(attribute("axis", -1), attribute("epsilon", 1e-5f));

  /**
   * TensorRT's own attribute of Attention: allows several kernels where it has no fused one.
   * Without the attribute such a graph fails to compile.
   */
  private static final String DECOMPOSABLE = "TRT_decomposable";

  /** Form of attention in the graph. */
  enum Attention {
    /** As in the ONNX standard. */
    STANDARD,
    /** For TensorRT, which must fuse it wherever there are several queries. */
    FUSED,
    /** For TensorRT, which may decompose it. */
    DECOMPOSABLE
  }

  /**
   * Variant of the graph.
   *
   * @param chipSize chip edge in pixels, a multiple of 8
   * @param tokens whether to output every token after the last LayerNorm instead of the embedding
   * @param precision type of matrix products, and of the patches that the first one reads
   * @param attention form of attention
   */
  record Variant(
      Architecture architecture,
      Platform platform,
      int chipSize,
      boolean tokens,
      DataType precision,
      Attention attention) {
    /** Returns a float32 variant, which every runtime supports. */
    static Variant portable(
        Architecture architecture, Platform platform, int chipSize, boolean tokens) {
      return new Variant(
          architecture, platform, chipSize, tokens, DataType.FP32, Attention.STANDARD);
    }

    /** Returns the type of a weight: the precision for matrices and the bias before GELU. */
    DataType typeOf(String weight, List<Long> shape) {
      return shape.size() == 2 || weight.endsWith(".up.bias") ? precision : DataType.FP32;
    }
  }

  private final OnnxGraph graph;
  private final Variant variant;
  private final Architecture architecture;
  private final Platform platform;
  private final int side;
  private final int patches;

  private EncoderGraph(OnnxGraph graph, Variant variant) {
    this.graph = graph;
    this.variant = variant;
    this.architecture = variant.architecture;
    this.platform = variant.platform;
    this.side = variant.chipSize / Architecture.PATCH;
    this.patches = side * side;
  }

  /**
   * Builds the model of one graph file.
   *
   * @param variant what to write
   * @param weightsFile name of the weights file
   * @param weights types, shapes and offsets of its tensors
   */
  static ModelProto build(
      Variant variant, String weightsFile, Map<String, OnnxGraph.Weight> weights) {
    OnnxGraph graph = new OnnxGraph("clay-" + variant.platform.name(), weightsFile, weights);
    EncoderGraph encoder = new EncoderGraph(graph, variant);
    String x = encoder.embed();
    for (int block = 0; block < variant.architecture.depth() - 1; block++) {
      x = encoder.block(block, x);
    }
    encoder.lastBlock(x, variant.tokens);
    return graph.build(OPSET);
  }

  /** Casts to the type of matrix products. */
  private String narrow(String name, String x) {
    return cast(name + "/narrow", x, variant.precision);
  }

  /** Casts the result of a matrix product to float32. */
  private String widen(String name, String x) {
    return cast(name + "/wide", x, DataType.FP32);
  }

  private String cast(String name, String x, DataType type) {
    return variant.precision == DataType.FP32
        ? x
        : graph.node("Cast", name, List.of(attribute("to", TypeNames.onnx(type))), x);
  }

  /** Adds the tokens {@code [batch, 1 + L, dim]} of patches, position, time and location. */
  private String embed() {
    long dim = architecture.dim();
    String patchRows =
        graph.input(
            "patches",
            variant.precision,
            BATCH,
            patches,
            (long) platform.bands().size() * Architecture.patchPixels());
    String gsd = graph.input("gsd", DataType.FP32, 1);
    String time = graph.input("time", DataType.FP32, BATCH, 4);
    String latlon = graph.input("latlon", DataType.FP32, BATCH, 4);

    String patch = "patch." + platform.name();
    String product =
        graph.node("MatMul", "embed/product", patchRows, graph.weight(patch + ".weight"));
    String tokens =
        graph.node(
            "Add", "embed/tokens", widen("embed/product", product), graph.weight(patch + ".bias"));
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
   * Adds the sines and cosines of column and row, {@code [L, dim]}, zero in the columns of the
   * metadata. Angles of one axis are computed once per index and then gathered over the grid.
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

  /** Adds time and location at the end of an otherwise zero token, {@code [batch, 1, dim]}. */
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

  /** Adds a block of which all tokens are needed. */
  private String block(int block, String x) {
    String name = "block.%d.attention".formatted(block);
    String normalized = narrow(name + ".norm", norm(name + ".norm", x));
    String qkv = graph.node("MatMul", name + "/qkv", normalized, graph.weight(name + ".qkv"));
    List<String> parts = List.of(name + "/q", name + "/k", name + "/v");
    graph.nodes("Split", parts, List.of(attribute("axis", 2), attribute("num_outputs", 3)), qkv);
    return mlp(block, attention(block, x, parts.get(0), parts.get(1), parts.get(2)));
  }

  /** Adds the last block, of which only token 0 is needed unless the variant outputs all. */
  private void lastBlock(String x, boolean tokens) {
    int last = architecture.depth() - 1;
    String name = "block.%d.attention".formatted(last);
    String normalized = narrow(name + ".norm", norm(name + ".norm", x));
    String kv = graph.node("MatMul", name + "/kv", normalized, graph.weight(name + ".kv"));
    List<String> parts = List.of(name + "/k", name + "/v");
    graph.nodes("Split", parts, List.of(attribute("axis", 2), attribute("num_outputs", 2)), kv);
    String queried = tokens ? normalized : classToken(name + "/class", normalized);
    String residual = tokens ? x : classToken("carried/class", x);
    String q = graph.node("MatMul", name + "/q", queried, graph.weight(name + ".q"));
    String out = mlp(last, attention(last, residual, q, parts.get(0), parts.get(1)));
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
   * Adds {@code x + out(attention(q, k, v))}. The weights of q include the scale: a 16-bit factor
   * would be rounded, and TensorRT's kernels expect none after the product. Attention is one
   * operator: TensorRT maps it to a fused kernel without pattern matching, and in ONNX Runtime it
   * is as fast as separate products and softmax.
   */
  private String attention(int block, String x, String q, String k, String v) {
    String name = "block.%d.attention".formatted(block);
    long heads = architecture.heads();
    List<AttributeProto> attributes = new ArrayList<>();
    attributes.add(attribute("q_num_heads", heads));
    attributes.add(attribute("kv_num_heads", heads));
    attributes.add(attribute("scale", 1f));
    boolean oneQuery = block == architecture.depth() - 1 && !variant.tokens;
    if (variant.attention == Attention.DECOMPOSABLE
        || variant.attention == Attention.FUSED && oneQuery) {
      attributes.add(attribute(DECOMPOSABLE, 1));
    }
    String attended = graph.node("Attention", name + "/attended", attributes, q, k, v);
    String out = graph.node("MatMul", name + "/out", attended, graph.weight(name + ".out"));
    return graph.node("Add", name + "/sum", widen(name + "/out", out), x);
  }

  /** Adds {@code x + W2·gelu(W1·x + b1) + b2}, bias and GELU in the variant's type so they fuse. */
  private String mlp(int block, String x) {
    String name = "block.%d.mlp".formatted(block);
    String normalized = narrow(name + ".norm", norm(name + ".norm", x));
    String up =
        graph.node("MatMul", name + ".up/product", normalized, graph.weight(name + ".up.weight"));
    String biased = graph.node("Add", name + ".up/biased", up, graph.weight(name + ".up.bias"));
    String gelu = graph.node("Gelu", name + "/gelu", biased);
    String product =
        graph.node("MatMul", name + ".down/product", gelu, graph.weight(name + ".down.weight"));
    String down =
        graph.node(
            "Add",
            name + ".down/biased",
            widen(name + ".down/product", product),
            graph.weight(name + ".down.bias"));
    return graph.node("Add", name + "/sum", down, x);
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
