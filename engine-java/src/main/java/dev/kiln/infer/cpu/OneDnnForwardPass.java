package dev.kiln.infer.cpu;

import static dev.kiln.infer.cpu.OneDnn.Argument.addend;
import static dev.kiln.infer.cpu.OneDnn.Argument.bias;
import static dev.kiln.infer.cpu.OneDnn.Argument.dst;
import static dev.kiln.infer.cpu.OneDnn.Argument.scale;
import static dev.kiln.infer.cpu.OneDnn.Argument.shift;
import static dev.kiln.infer.cpu.OneDnn.Argument.src;
import static dev.kiln.infer.cpu.OneDnn.Argument.weights;

import dev.kiln.infer.PositionEncoding;
import dev.kiln.infer.VectorLayout;
import dev.kiln.infer.cpu.OneDnn.Primitive;
import dev.kiln.infer.cpu.OneDnn.Step;
import dev.kiln.model.Architecture;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Forward pass of the encoder for one chip as a list of steps, most of them oneDNN operations,
 * built once with its weights, memory and kernels. One chip at a time keeps intermediate results in
 * the cache, and makes an embedding independent of the other chips of its batch.
 *
 * <p>The residual stream, LayerNorm and the input of softmax are float32; matrix products read
 * {@code type}. T = 1 + L tokens, D = dim, I = inner.
 */
final class OneDnnForwardPass {
  private static final float EPSILON = 1e-5f;

  /** Values at the end of a token for time and location. */
  private static final int METADATA = 8;

  private final OneDnn dnn;
  private final OneDnnWeights source;
  private final Architecture model;
  private final DataType type;
  private final int side;
  private final long patches;
  private final long tokens;
  private final List<Step> steps = new ArrayList<>();
  private final OneDnnAttention attention;

  private final Pointer residual; // float32 [T, D]
  private final Pointer normalized; // type [T, max(D, I)], also the output of attention
  private final Pointer hidden; // type [T, max(3I, mlp)]

  private final dnnl_memory rows; // type [L, C·64], memory of the caller
  private final FloatBuffer firstToken;
  private final FloatBuffer position; // [L, D]
  private final FloatBuffer metadata; // [1, D]
  private final VectorLayout vectors;
  private final FloatBuffer result; // [1, D], or [T, D] where vectors of patches are wanted
  private final float[] classToken;
  private final PositionEncoding positions;
  private float gsd = Float.NaN;

  /**
   * Builds the operations and loads the weights.
   *
   * @param dnn owns everything that is created here
   * @param source source of the weights; not used after the constructor
   * @param exported model, platform and chip size
   * @param type type of the inputs of matrix products
   * @param vectors vectors that are computed
   */
  OneDnnForwardPass(
      OneDnn dnn,
      OneDnnWeights source,
      ExportedEncoder exported,
      DataType type,
      VectorLayout vectors) {
    this.dnn = dnn;
    this.source = source;
    this.model = exported.architecture();
    this.type = type;
    this.vectors = vectors;
    this.side = exported.patchesPerSide();
    this.patches = exported.patches();
    this.tokens = patches + 1;
    long dim = model.dim();
    long inner = model.inner();
    this.residual = dnn.allocate("residual stream", tokens * dim * Float.BYTES);
    this.normalized =
        dnn.allocate("normalized tokens", tokens * Math.max(dim, inner) * type.bytes());
    this.hidden =
        dnn.allocate("hidden layer", tokens * Math.max(3 * inner, model.mlpDim()) * type.bytes());
    this.attention = new OneDnnAttention(dnn, model, type, tokens);
    this.firstToken = floats(residual, dim);
    Pointer placed = dnn.allocate("positions", patches * dim * Float.BYTES);
    this.position = floats(placed, patches * dim);
    Pointer described = dnn.allocate("time and location", dim * Float.BYTES);
    this.metadata = floats(described, dim);
    long outputs = (vectors.needsTokens() ? tokens : 1) * dim;
    Pointer output = dnn.allocate("embedding", outputs * Float.BYTES);
    this.result = floats(output, outputs);
    this.classToken = source.values("cls_token");
    this.positions =
        new PositionEncoding(
            source.values("position.omega"), exported.patchesPerSide(), model.dim());

    long rowLength = exported.rowLength();
    dnnl_memory_desc input = dnn.dense(type, patches, rowLength);
    this.rows = dnn.view(input, null, 0);
    patches(exported.platform().name(), input, rowLength, placed, described);
    blocks();
    if (vectors.needsTokens()) {
      lastBlockOfAll(output);
    } else {
      lastBlock(output);
    }
    dnn.allocateScratchpad();
  }

  private static FloatBuffer floats(Pointer base, long count) {
    return new FloatPointer(base).capacity(count).asBuffer();
  }

  /** Adds {@code residual[1..] = rows · W + b + position + metadata}. */
  private void patches(
      String platform, dnnl_memory_desc input, long rowLength, Pointer placed, Pointer described) {
    long dim = model.dim();
    dnnl_memory_desc grid = dnn.dense(DataType.FP32, patches, dim);
    dnnl_memory_desc row = dnn.dense(DataType.FP32, 1, dim);
    String name = "patch." + platform;
    Primitive embed =
        dnn.matmul(
            "patch embedding",
            input,
            dnn.anyLayout(type, rowLength, dim),
            row,
            grid,
            new Epilogue().add(grid).add(row));
    add(
        embed,
        src(rows),
        weights(source.tensor(name + ".weight", embed.weights())),
        bias(source.tensor(name + ".bias")),
        dst(dnn.view(grid, residual, dim * Float.BYTES)),
        addend(0, dnn.view(grid, placed, 0)),
        addend(1, dnn.view(row, described, 0)));
  }

  private void add(Primitive primitive, OneDnn.Argument... arguments) {
    steps.add(dnn.operation(primitive, arguments));
  }

  /** Adds all blocks but the last. */
  private void blocks() {
    long dim = model.dim();
    long inner = model.inner();
    dnnl_memory_desc stream = dnn.dense(DataType.FP32, tokens, dim);
    dnnl_memory_desc narrow = dnn.dense(type, tokens, dim);
    Primitive norm = dnn.layerNorm("norm", stream, narrow, EPSILON);
    dnnl_memory_desc all = dnn.dense(type, tokens, 3 * inner);
    Primitive qkv =
        dnn.matmul("qkv", narrow, dnn.anyLayout(type, dim, 3 * inner), null, all, new Epilogue());
    dnnl_memory_desc attended = dnn.dense(type, tokens, inner);
    Primitive out = out(attended, stream);
    Mlp mlp = new Mlp(tokens, norm);
    List<? extends Step> attend = attention.ofAll(hidden, normalized);
    dnnl_memory carried = dnn.view(stream, residual, 0);
    for (int block = 0; block < model.depth() - 1; block++) {
      String name = "block.%d.attention".formatted(block);
      norm(norm, name + ".norm", carried, dnn.view(narrow, normalized, 0));
      add(
          qkv,
          src(dnn.view(narrow, normalized, 0)),
          weights(source.tensor(name + ".qkv", qkv.weights())),
          dst(dnn.view(all, hidden, 0)));
      steps.addAll(attend);
      add(
          out,
          src(dnn.view(attended, normalized, 0)),
          weights(source.tensor(name + ".out", out.weights())),
          dst(carried));
      mlp.add(block);
    }
  }

  /** Adds the last block and the final LayerNorm, of which only token 0 is needed. */
  private void lastBlock(Pointer output) {
    long dim = model.dim();
    long inner = model.inner();
    String name = "block.%d.attention".formatted(model.depth() - 1);
    dnnl_memory_desc stream = dnn.dense(DataType.FP32, tokens, dim);
    dnnl_memory_desc narrow = dnn.dense(type, tokens, dim);
    dnnl_memory all = dnn.view(narrow, normalized, 0);
    norm(
        dnn.layerNorm("norm", stream, narrow, EPSILON),
        name + ".norm",
        dnn.view(stream, residual, 0),
        all);
    dnnl_memory_desc keys = dnn.dense(type, tokens, 2 * inner);
    Primitive kv =
        dnn.matmul("kv", narrow, dnn.anyLayout(type, dim, 2 * inner), null, keys, new Epilogue());
    add(
        kv,
        src(all),
        weights(source.tensor(name + ".kv", kv.weights())),
        dst(dnn.view(keys, hidden, 0)));
    // Behind keys and values.
    long queryAt = tokens * 2 * inner * type.bytes();
    dnnl_memory_desc one = dnn.dense(type, 1, dim);
    dnnl_memory_desc query = dnn.dense(type, 1, inner);
    Primitive q =
        dnn.matmul("q", one, dnn.anyLayout(type, dim, inner), null, query, new Epilogue());
    add(
        q,
        src(dnn.view(one, normalized, 0)),
        weights(source.tensor(name + ".q", q.weights())),
        dst(dnn.view(query, hidden, queryAt)));
    steps.addAll(attention.ofOne(hidden, queryAt, normalized));
    dnnl_memory_desc carried = dnn.dense(DataType.FP32, 1, dim);
    Primitive out = out(query, carried);
    add(
        out,
        src(dnn.view(query, normalized, 0)),
        weights(source.tensor(name + ".out", out.weights())),
        dst(dnn.view(carried, residual, 0)));
    new Mlp(1, dnn.layerNorm("norm", carried, one, EPSILON)).add(model.depth() - 1);
    norm(
        dnn.layerNorm("norm", carried, carried, EPSILON),
        "norm",
        dnn.view(carried, residual, 0),
        dnn.view(carried, output, 0));
  }

  /**
   * Adds the last block and the final LayerNorm for all tokens. Query, key and value are separate
   * products here, because the exported weights of the last block are.
   */
  private void lastBlockOfAll(Pointer output) {
    long dim = model.dim();
    long inner = model.inner();
    String name = "block.%d.attention".formatted(model.depth() - 1);
    dnnl_memory_desc stream = dnn.dense(DataType.FP32, tokens, dim);
    dnnl_memory_desc narrow = dnn.dense(type, tokens, dim);
    dnnl_memory carried = dnn.view(stream, residual, 0);
    dnnl_memory all = dnn.view(narrow, normalized, 0);
    Primitive norm = dnn.layerNorm("norm", stream, narrow, EPSILON);
    norm(norm, name + ".norm", carried, all);
    dnnl_memory_desc query =
        dnn.strided(type, new long[] {tokens, inner}, new long[] {3 * inner, 1});
    Primitive q =
        dnn.matmul("q", narrow, dnn.anyLayout(type, dim, inner), null, query, new Epilogue());
    add(
        q,
        src(all),
        weights(source.tensor(name + ".q", q.weights())),
        dst(dnn.view(query, hidden, 0)));
    dnnl_memory_desc keys =
        dnn.strided(type, new long[] {tokens, 2 * inner}, new long[] {3 * inner, 1});
    Primitive kv =
        dnn.matmul("kv", narrow, dnn.anyLayout(type, dim, 2 * inner), null, keys, new Epilogue());
    add(
        kv,
        src(all),
        weights(source.tensor(name + ".kv", kv.weights())),
        dst(dnn.view(keys, hidden, inner * type.bytes())));
    steps.addAll(attention.ofAll(hidden, normalized));
    dnnl_memory_desc attended = dnn.dense(type, tokens, inner);
    Primitive out = out(attended, stream);
    add(
        out,
        src(dnn.view(attended, normalized, 0)),
        weights(source.tensor(name + ".out", out.weights())),
        dst(carried));
    new Mlp(tokens, norm).add(model.depth() - 1);
    norm(
        dnn.layerNorm("norm", stream, stream, EPSILON),
        "norm",
        carried,
        dnn.view(stream, output, 0));
  }

  private void norm(Primitive norm, String name, dnnl_memory from, dnnl_memory to) {
    add(
        norm,
        src(from),
        scale(source.tensor(name + ".weight")),
        shift(source.tensor(name + ".bias")),
        dst(to));
  }

  /** Creates {@code residual += attended · W}. */
  private Primitive out(dnnl_memory_desc attended, dnnl_memory_desc carried) {
    return dnn.matmul(
        "out",
        attended,
        dnn.anyLayout(type, model.inner(), model.dim()),
        null,
        carried,
        new Epilogue().accumulate());
  }

  /** {@code residual += gelu(LN(residual) · W1 + b1) · W2 + b2} over the first tokens. */
  private final class Mlp {
    private final dnnl_memory_desc stream;
    private final dnnl_memory_desc narrow;
    private final dnnl_memory_desc inner;
    private final Primitive norm;
    private final Primitive up;
    private final Primitive down;

    Mlp(long count, Primitive norm) {
      long dim = model.dim();
      long mlp = model.mlpDim();
      this.stream = dnn.dense(DataType.FP32, count, dim);
      this.narrow = dnn.dense(type, count, dim);
      this.inner = dnn.dense(type, count, mlp);
      this.norm = norm;
      this.up =
          dnn.matmul(
              "up",
              narrow,
              dnn.anyLayout(type, dim, mlp),
              dnn.dense(DataType.FP32, 1, mlp),
              inner,
              new Epilogue().gelu());
      this.down =
          dnn.matmul(
              "down",
              inner,
              dnn.anyLayout(type, mlp, dim),
              dnn.dense(DataType.FP32, 1, dim),
              stream,
              new Epilogue().accumulate());
    }

    void add(int block) {
      String name = "block.%d.mlp".formatted(block);
      dnnl_memory carried = dnn.view(stream, residual, 0);
      norm(norm, name + ".norm", carried, dnn.view(narrow, normalized, 0));
      OneDnnForwardPass.this.add(
          up,
          src(dnn.view(narrow, normalized, 0)),
          weights(source.tensor(name + ".up.weight", up.weights())),
          bias(source.tensor(name + ".up.bias")),
          dst(dnn.view(inner, hidden, 0)));
      OneDnnForwardPass.this.add(
          down,
          src(dnn.view(inner, hidden, 0)),
          weights(source.tensor(name + ".down.weight", down.weights())),
          bias(source.tensor(name + ".down.bias")),
          dst(carried));
    }
  }

  /**
   * Encodes one chip.
   *
   * @param chipRows patch rows {@code [L, C·64]} of the type of this pass
   * @param metresPerPixel ground sample distance
   * @param time encoded times of the batch, {@code [B, 4]}
   * @param location encoded locations of the batch, {@code [B, 4]}
   * @param out receives the vectors in {@code [B, values of a chip]}
   * @param index index of the chip in its batch
   */
  void run(
      Pointer chipRows,
      float metresPerPixel,
      FloatBuffer time,
      FloatBuffer location,
      FloatBuffer out,
      int index) {
    if (metresPerPixel != gsd) {
      positions.write(metresPerPixel, position);
      gsd = metresPerPixel;
    }
    dnn.move(rows, chipRows);
    firstToken.put(0, classToken);
    metadata.put(model.dim() - METADATA, time, index * 4, 4);
    metadata.put(model.dim() - METADATA / 2, location, index * 4, 4);
    for (int i = 0; i < steps.size(); i++) {
      steps.get(i).run();
    }
    if (vectors.needsTokens()) {
      vectors.write(result, 0, side, out, index * vectors.length());
    } else {
      out.put(index * model.dim(), result, 0, model.dim());
    }
  }
}
