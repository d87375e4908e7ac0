package dev.kiln.infer.cpu;

import static dev.kiln.infer.cpu.OneDnn.Argument.dst;
import static dev.kiln.infer.cpu.OneDnn.Argument.scale;
import static dev.kiln.infer.cpu.OneDnn.Argument.shift;
import static dev.kiln.infer.cpu.OneDnn.Argument.src;

import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.infer.PositionEncoding;
import dev.kiln.infer.VectorLayout;
import dev.kiln.infer.cpu.MatrixProducts.BoundProduct;
import dev.kiln.infer.cpu.MatrixProducts.Product;
import dev.kiln.infer.cpu.MatrixProducts.Shape;
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
 * Forward pass of the encoder for one chip as a list of steps, built once with its weights, memory
 * and kernels. One chip at a time keeps intermediate results in the cache, and makes an embedding
 * independent of the other chips of its batch.
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
  private final PassKernels kernels;
  private final MatrixProducts products;
  private final Architecture model;
  private final DataType type;
  private final int side;
  private final long patches;
  private final long tokens;
  private final List<Step> steps = new ArrayList<>();
  private final List<Step> ends = new ArrayList<>(); // those of the first and the last block
  private final OneDnnAttention attention;

  private final Pointer residual; // float32 [T, D]
  private final Pointer normalized; // type [T, max(D, I)], also the output of attention
  private final Pointer hidden; // type [T, max(3I, mlp)]

  private final BoundProduct embedding;
  private final FloatBuffer stream; // [T, D], the residual stream
  private final FloatBuffer position; // [L, D]
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
   * @param kernels implementations of the operations, with these weights
   * @param exported model, platform and chip size
   * @param type type of the inputs of matrix products
   * @param vectors vectors that are computed
   * @param contained blocks that a chip can pass through
   */
  OneDnnForwardPass(
      OneDnn dnn,
      OneDnnWeights source,
      PassKernels kernels,
      ExportedEncoder exported,
      DataType type,
      VectorLayout vectors,
      Blocks contained) {
    this.dnn = dnn;
    this.source = source;
    this.kernels = kernels;
    this.products = kernels.products();
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
    this.attention = new OneDnnAttention(dnn, model, type, tokens, kernels.attention());
    this.stream = floats(residual, tokens * dim);
    this.position = floats(dnn.allocate("positions", patches * dim * Float.BYTES), patches * dim);
    long outputs = (vectors.needsTokens() ? tokens : 1) * dim;
    Pointer output = dnn.allocate("embedding", outputs * Float.BYTES);
    this.result = floats(output, outputs);
    this.classToken = source.values("cls_token");
    this.positions =
        new PositionEncoding(
            source.values("position.omega"), exported.patchesPerSide(), model.dim());

    String patch = "patch." + exported.platform().name();
    this.embedding =
        products
            .product(
                "patch embedding",
                new Shape(patches, exported.rowLength(), dim, DataType.FP32),
                true,
                Epilogue.ACCUMULATE)
            .bind(patch + ".weight", patch + ".bias", null, residual.getPointer(dim * Float.BYTES));
    blocks(contained == Blocks.ENDS ? Math.min(1, model.depth() - 1) : model.depth() - 1);
    int last = steps.size();
    if (vectors.needsTokens()) {
      lastBlockOfAll(output);
    } else {
      lastBlock(output);
    }
    ends.addAll(steps.subList(last, steps.size()));
    dnn.allocateScratchpad();
  }

  private static FloatBuffer floats(Pointer base, long count) {
    return new FloatPointer(base).capacity(count).asBuffer();
  }

  private Product product(String name, long rows, long inner, long columns) {
    return products.product(name, new Shape(rows, inner, columns, type), false, Epilogue.STORE);
  }

  /** Adds the first blocks. */
  private void blocks(int count) {
    long dim = model.dim();
    long inner = model.inner();
    Norm norm = new Norm(tokens, type);
    Product qkv = product("qkv", tokens, dim, 3 * inner);
    Product out = out(tokens);
    Mlp mlp = new Mlp(tokens, norm);
    List<? extends Step> attend = attention.ofAll(hidden, normalized);
    for (int block = 0; block < count; block++) {
      String name = "block.%d.attention".formatted(block);
      norm.add(name + ".norm", residual, normalized);
      steps.add(qkv.bind(name + ".qkv", null, normalized, hidden));
      steps.addAll(attend);
      steps.add(out.bind(name + ".out", null, normalized, residual));
      mlp.add(block);
      if (block == 0) {
        ends.addAll(steps);
      }
    }
  }

  /** Adds the last block and the final LayerNorm, of which only token 0 is needed. */
  private void lastBlock(Pointer output) {
    long dim = model.dim();
    long inner = model.inner();
    String name = "block.%d.attention".formatted(model.depth() - 1);
    new Norm(tokens, type).add(name + ".norm", residual, normalized);
    steps.add(product("kv", tokens, dim, 2 * inner).bind(name + ".kv", null, normalized, hidden));
    // Behind keys and values.
    long queryAt = tokens * 2 * inner * type.bytes();
    steps.add(
        product("q", 1, dim, inner)
            .bind(name + ".q", null, normalized, hidden.getPointer(queryAt)));
    steps.addAll(attention.ofOne(hidden, queryAt, normalized));
    steps.add(out(1).bind(name + ".out", null, normalized, residual));
    new Mlp(1, new Norm(1, type)).add(model.depth() - 1);
    new Norm(1, DataType.FP32).add("norm", residual, output);
  }

  /**
   * Adds the last block and the final LayerNorm for all tokens. Query, key and value are separate
   * products here, because the exported weights of the last block are.
   */
  private void lastBlockOfAll(Pointer output) {
    long dim = model.dim();
    long inner = model.inner();
    String name = "block.%d.attention".formatted(model.depth() - 1);
    Norm norm = new Norm(tokens, type);
    norm.add(name + ".norm", residual, normalized);
    steps.add(
        products
            .product("q", new Shape(tokens, dim, inner, 3 * inner, type), false, Epilogue.STORE)
            .bind(name + ".q", null, normalized, hidden));
    steps.add(
        products
            .product(
                "kv", new Shape(tokens, dim, 2 * inner, 3 * inner, type), false, Epilogue.STORE)
            .bind(name + ".kv", null, normalized, hidden.getPointer(inner * type.bytes())));
    steps.addAll(attention.ofAll(hidden, normalized));
    steps.add(out(tokens).bind(name + ".out", null, normalized, residual));
    new Mlp(tokens, norm).add(model.depth() - 1);
    new Norm(tokens, DataType.FP32).add("norm", residual, output);
  }

  /** Creates {@code residual += attended · W}. */
  private Product out(long rows) {
    return products.product(
        "out",
        new Shape(rows, model.inner(), model.dim(), DataType.FP32),
        false,
        Epilogue.ACCUMULATE);
  }

  /** LayerNorm of the first tokens. */
  private final class Norm {
    private final int count;
    private final DataType to;
    private final dnnl_memory_desc input;
    private final dnnl_memory_desc output;
    private final Primitive primitive; // null if LayerNorm is Kiln's

    Norm(long count, DataType to) {
      this.count = Math.toIntExact(count);
      this.to = to;
      this.input = dnn.dense(DataType.FP32, count, model.dim());
      this.output = dnn.dense(to, count, model.dim());
      this.primitive =
          kernels.norm().isPresent() ? null : dnn.layerNorm("norm", input, output, EPSILON);
    }

    private Step own(String name, Pointer from, Pointer to) {
      long scale = source.plain(name + ".weight").address();
      long shift = source.plain(name + ".bias").address();
      boolean floatOut = this.to == DataType.FP32;
      return () ->
          Bf16Kernels.layerNorm(
              from.address(),
              scale,
              shift,
              to.address(),
              floatOut,
              count,
              model.dim(),
              EPSILON,
              dnn.threads(),
              kernels.norm().orElseThrow());
    }

    void add(String name, Pointer from, Pointer to) {
      if (primitive == null) {
        steps.add(own(name, from, to));
        return;
      }
      dnnl_memory normed = dnn.view(output, to, 0);
      steps.add(
          dnn.operation(
              primitive,
              src(dnn.view(input, from, 0)),
              scale(source.tensor(name + ".weight")),
              shift(source.tensor(name + ".bias")),
              dst(normed)));
    }
  }

  /** {@code residual += gelu(LN(residual) · W1 + b1) · W2 + b2} over the first tokens. */
  private final class Mlp {
    private final Norm norm;
    private final Product up;
    private final Product down;

    Mlp(long count, Norm norm) {
      long dim = model.dim();
      long mlp = model.mlpDim();
      this.norm = norm;
      this.up = products.product("up", new Shape(count, dim, mlp, type), true, Epilogue.GELU);
      this.down =
          products.product(
              "down", new Shape(count, mlp, dim, DataType.FP32), true, Epilogue.ACCUMULATE);
    }

    void add(int block) {
      String name = "block.%d.mlp".formatted(block);
      norm.add(name + ".norm", residual, normalized);
      steps.add(up.bind(name + ".up.weight", name + ".up.bias", normalized, hidden));
      steps.add(down.bind(name + ".down.weight", name + ".down.bias", hidden, residual));
    }
  }

  /**
   * Encodes one chip.
   *
   * @param blocks that it passes through
   * @param chipRows patch rows {@code [L, C·64]} of the type of this pass
   * @param metresPerPixel ground sample distance
   * @param time encoded times of the batch, {@code [B, 4]}
   * @param location encoded locations of the batch, {@code [B, 4]}
   * @param out receives the vectors in {@code [B, values of a chip]}
   * @param index index of the chip in its batch
   */
  void run(
      Blocks blocks,
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
    start(time, location, index);
    embedding.read(chipRows);
    embedding.run();
    List<Step> chosen = blocks == Blocks.ENDS ? ends : steps;
    for (int i = 0; i < chosen.size(); i++) {
      chosen.get(i).run();
    }
    if (vectors.needsTokens()) {
      vectors.write(result, 0, side, out, index * vectors.length());
    } else {
      out.put(index * model.dim(), result, 0, model.dim());
    }
  }

  /**
   * Writes what the patch embedding is added to: the class token, then each patch's position, with
   * time and location added to its last values.
   */
  private void start(FloatBuffer time, FloatBuffer location, int index) {
    int dim = model.dim();
    stream.put(0, classToken);
    stream.put(dim, position, 0, position.capacity());
    for (int end = 2 * dim; end <= stream.capacity(); end += dim) {
      for (int i = 0; i < METADATA / 2; i++) {
        int timeAt = end - METADATA + i;
        int locationAt = end - METADATA / 2 + i;
        stream.put(timeAt, stream.get(timeAt) + time.get(index * 4 + i));
        stream.put(locationAt, stream.get(locationAt) + location.get(index * 4 + i));
      }
    }
  }
}
