package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.error.ConfigurationException;
import dev.kiln.model.Architecture;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;

/**
 * The forward pass in Kiln's own kernels ({@code encoder.cu}), which need nothing but the driver,
 * the runtime and the compiler. Products read bfloat16; tokens, LayerNorm, softmax and all sums are
 * float32.
 *
 * <p>Weights and activations are there once for all slots, whose batches come one after the other
 * on one stream. T = 1 + L tokens, D = dim, I = inner.
 */
final class KernelForwardPass implements DeviceForwardPass {
  // As encoder.cu has them.
  private static final int PRODUCT_ROWS = 128;
  private static final int PRODUCT_COLUMNS = 128;
  private static final int PRODUCT_THREADS = 256;
  private static final int PRODUCT_SHARED = 4 * (128 * 40 + 32 * 136) * Short.BYTES;
  private static final int QUERIES = 64;
  private static final int ATTENTION_THREADS = 128;
  private static final int ATTENTION_ROWS = 5 * 64;
  private static final int NORM_THREADS = 256;
  private static final int NORM_ROWS = 8;
  private static final int LARGEST_HEAD = 64;

  private final Architecture model;
  private final int side;
  private final int patches;
  private final int tokens;
  private final int rowLength;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final GpuKernel store;
  private final GpuKernel gelu;
  private final GpuKernel add;
  private final GpuKernel attention;
  private final GpuKernel norm;
  private final GpuKernel normWide;
  private final GpuKernel first;

  private final DeviceBuffer classToken;
  private final DeviceBuffer omega;
  private final Linear patch;
  private final List<Block> blocks = new ArrayList<>();
  private final Norm last;
  private final long weightBytes;

  private final DeviceBuffer x; // float32 [B, T, D]
  private final DeviceBuffer normed; // bfloat16 [B, T, max(D, I)], also what attention gives
  private final DeviceBuffer wide; // bfloat16 [B, T, max(3I, mlp)]

  /** A matrix {@code [in, out]} and what is added; null for nothing. */
  private record Linear(DeviceBuffer weight, DeviceBuffer bias, int in, int out) {}

  private record Norm(DeviceBuffer weight, DeviceBuffer bias) {}

  /**
   * @param qkv null in the last block, which has queries for token 0 alone
   */
  private record Block(
      Norm attention,
      Linear qkv,
      Linear q,
      Linear kv,
      Linear out,
      Norm mlp,
      Linear up,
      Linear down) {}

  /**
   * Compiles the kernels and loads the weights.
   *
   * @param exported model, platform and chip size
   * @param batchSize most chips of a batch
   * @throws ConfigurationException if the model has sizes that the kernels are not made for
   */
  KernelForwardPass(Gpu gpu, ExportedEncoder exported, int batchSize) {
    this.model = exported.architecture();
    this.side = exported.patchesPerSide();
    this.patches = exported.patches();
    this.tokens = exported.tokens();
    this.rowLength = exported.rowLength();
    requireSizes(exported.model());
    try {
      GpuModule module = own(DeviceEncoder.compile(gpu, DeviceCode.ENCODER, List.of()));
      this.store = product(module, "kiln_product");
      this.gelu = product(module, "kiln_product_gelu");
      this.add = product(module, "kiln_product_add");
      this.attention = module.kernel("kiln_attention_" + model.dimHead());
      this.norm = module.kernel("kiln_norm");
      this.normWide = module.kernel("kiln_norm_wide");
      this.first = module.kernel("kiln_tokens");

      KernelWeights weights = own(new KernelWeights(exported.model(), gpu));
      this.classToken = weights.wide("cls_token");
      this.omega = weights.wide("position.omega");
      this.patch = linear(weights, "patch." + exported.platform().name(), rowLength, model.dim());
      for (int i = 0; i < model.depth(); i++) {
        blocks.add(block(weights, "block." + i, i == model.depth() - 1));
      }
      this.last = norm(weights, "norm");
      weights.loaded();
      this.weightBytes = weights.bytes();

      long rows = (long) batchSize * tokens;
      this.x = own(gpu.allocate("tokens of a batch", rows * model.dim() * Float.BYTES));
      this.normed =
          own(
              gpu.allocate(
                  "normed tokens of a batch",
                  rows * Math.max(model.dim(), model.inner()) * Short.BYTES));
      this.wide =
          own(
              gpu.allocate(
                  "hidden layer of a batch",
                  rows * Math.max(3 * model.inner(), model.mlpDim()) * Short.BYTES));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void requireSizes(ModelDirectory directory) {
    boolean known =
        model.dim() % 64 == 0
            && model.inner() % 32 == 0
            && model.mlpDim() % 32 == 0
            && model.dimHead() % 16 == 0
            && model.dimHead() <= LARGEST_HEAD;
    if (!known) {
      throw new ConfigurationException(
          ("model %s: Kiln's kernels expect a dim of multiples of 64, hidden layers of 32 and heads"
                  + " of 16, 32, 48 or 64, found %s; use --encoder cpu")
              .formatted(directory.path(), model));
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  private static GpuKernel product(GpuModule module, String name) {
    GpuKernel kernel = module.kernel(name);
    kernel.allowSharedMemory(PRODUCT_SHARED);
    return kernel;
  }

  private Block block(KernelWeights weights, String name, boolean last) {
    int dim = model.dim();
    int inner = model.inner();
    String attend = name + ".attention";
    return new Block(
        norm(weights, attend + ".norm"),
        last ? null : matrix(weights, attend + ".qkv", dim, 3 * inner),
        last ? matrix(weights, attend + ".q", dim, inner) : null,
        last ? matrix(weights, attend + ".kv", dim, 2 * inner) : null,
        matrix(weights, attend + ".out", inner, dim),
        norm(weights, name + ".mlp.norm"),
        linear(weights, name + ".mlp.up", dim, model.mlpDim()),
        linear(weights, name + ".mlp.down", model.mlpDim(), dim));
  }

  private static Norm norm(KernelWeights weights, String name) {
    return new Norm(weights.wide(name + ".weight"), weights.wide(name + ".bias"));
  }

  private static Linear linear(KernelWeights weights, String name, int in, int out) {
    return new Linear(weights.narrow(name + ".weight"), weights.wide(name + ".bias"), in, out);
  }

  private static Linear matrix(KernelWeights weights, String name, int in, int out) {
    return new Linear(weights.narrow(name), null, in, out);
  }

  @Override
  public DataType patchType() {
    return DataType.BF16;
  }

  @Override
  public long weightBytes() {
    return weightBytes;
  }

  @Override
  public long activationBytes() {
    return x.size() + normed.size() + wide.size();
  }

  @Override
  public Binding bind(SlotBuffers slot) {
    return new Binding() {
      @Override
      public void enqueue(GpuStream compute, int size) {
        KernelForwardPass.this.enqueue(compute, slot, size);
      }

      @Override
      public void close() {
        // Nothing is the slot's own.
      }
    };
  }

  private void enqueue(GpuStream stream, SlotBuffers slot, int size) {
    int dim = model.dim();
    int rows = size * tokens;
    stream.launch(
        first,
        new LaunchShape(tokens, size, 1, NORM_THREADS, 0),
        new KernelArguments()
            .pointer(x)
            .pointer(classToken)
            .pointer(omega)
            .pointer(slot.time())
            .pointer(slot.latlon())
            .pointer(slot.gsd())
            .int32(side)
            .int32(dim));
    product(
        stream,
        add,
        slot.patches().address(),
        rowLength,
        patch,
        size * patches,
        x.address(),
        dim,
        patches);
    for (Block block : blocks) {
      norm(stream, norm, block.attention(), dim, rows, normed);
      if (block.qkv() != null) {
        attend(stream, block, size);
        norm(stream, norm, block.mlp(), dim, rows, normed);
        mlp(stream, block, rows, dim);
      } else {
        attendToken0(stream, block, size);
        norm(stream, norm, block.mlp(), (long) tokens * dim, size, normed);
        mlp(stream, block, size, (long) tokens * dim);
      }
    }
    norm(stream, normWide, last, (long) tokens * dim, size, slot.embedding());
  }

  /** {@code x += attention(normed)}, all tokens. */
  private void attend(GpuStream stream, Block block, int size) {
    int rows = size * tokens;
    int inner = model.inner();
    product(
        stream,
        store,
        normed.address(),
        model.dim(),
        block.qkv(),
        rows,
        wide.address(),
        3L * inner,
        0);
    attention(stream, (tokens + QUERIES - 1) / QUERIES, size);
    product(stream, add, normed.address(), inner, block.out(), rows, x.address(), model.dim(), 0);
  }

  /**
   * The same for the first token of each chip, which is all that is asked for after the last block.
   * Queries of the others hold anything, and nothing that is used depends on them.
   */
  private void attendToken0(GpuStream stream, Block block, int size) {
    long dim = model.dim();
    long inner = model.inner();
    product(
        stream,
        store,
        normed.address(),
        dim,
        block.kv(),
        size * tokens,
        wide.address() + inner * Short.BYTES,
        3 * inner,
        0);
    product(
        stream,
        store,
        normed.address(),
        tokens * dim,
        block.q(),
        size,
        wide.address(),
        tokens * 3 * inner,
        0);
    attention(stream, 1, size);
    product(
        stream,
        add,
        normed.address(),
        tokens * inner,
        block.out(),
        size,
        x.address(),
        tokens * dim,
        0);
  }

  private void attention(GpuStream stream, int blocksOfQueries, int size) {
    int head = model.dimHead();
    stream.launch(
        attention,
        new LaunchShape(
            blocksOfQueries,
            model.heads(),
            size,
            ATTENTION_THREADS,
            ATTENTION_ROWS * (head + 8) * Short.BYTES),
        new KernelArguments().pointer(wide).pointer(normed).int32(tokens).int32(model.heads()));
  }

  /** {@code x += mlp(normed)} for rows of x that lie {@code stride} apart. */
  private void mlp(GpuStream stream, Block block, int rows, long stride) {
    product(
        stream,
        gelu,
        normed.address(),
        model.dim(),
        block.up(),
        rows,
        wide.address(),
        model.mlpDim(),
        0);
    product(
        stream, add, wide.address(), model.mlpDim(), block.down(), rows, x.address(), stride, 0);
  }

  private void norm(
      GpuStream stream, GpuKernel kernel, Norm weights, long stride, int rows, DeviceBuffer out) {
    stream.launch(
        kernel,
        LaunchShape.of((rows + NORM_ROWS - 1) / NORM_ROWS, NORM_THREADS),
        new KernelArguments()
            .pointer(x)
            .int64(stride)
            .pointer(weights.weight())
            .pointer(weights.bias())
            .pointer(out)
            .int32(rows)
            .int32(model.dim()));
  }

  /** {@code out = from · linear}, as the kernel finishes it. */
  private static void product(
      GpuStream stream,
      GpuKernel kernel,
      long from,
      long fromStride,
      Linear linear,
      int rows,
      long out,
      long outStride,
      int group) {
    stream.launch(
        kernel,
        new LaunchShape(
            (linear.out() + PRODUCT_COLUMNS - 1) / PRODUCT_COLUMNS,
            (rows + PRODUCT_ROWS - 1) / PRODUCT_ROWS,
            1,
            PRODUCT_THREADS,
            PRODUCT_SHARED),
        new KernelArguments()
            .int64(from)
            .int64(fromStride)
            .pointer(linear.weight())
            .int32(rows)
            .int32(linear.out())
            .int32(linear.in())
            .int64(linear.bias() == null ? 0 : linear.bias().address())
            .int64(out)
            .int64(outStride)
            .int32(group));
  }

  @Override
  public void close() {
    Closer closing = new Closer();
    for (int i = owned.size() - 1; i >= 0; i--) {
      closing.close(owned.get(i));
    }
    owned.clear();
    closing.done();
  }
}
