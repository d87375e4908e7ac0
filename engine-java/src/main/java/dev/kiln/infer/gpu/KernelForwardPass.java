package dev.kiln.infer.gpu;

import dev.kiln.cuda.CublasLt;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.VectorLayout;
import dev.kiln.infer.gpu.DeviceWeights.Block;
import dev.kiln.infer.gpu.DeviceWeights.Norm;
import dev.kiln.infer.gpu.Gemm.Rows;
import dev.kiln.model.Architecture;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The forward pass with Kiln's own kernels ({@code encoder.cu}) and the matrix products of a {@link
 * Gemm}. Products read bfloat16; tokens, LayerNorm, softmax and all sums are float32.
 *
 * <p>Weights and activations exist once for all slots, whose batches run one after another on one
 * stream. T = 1 + L tokens, D = dim, I = inner.
 */
final class KernelForwardPass implements DeviceForwardPass {
  private static final Logger log = LoggerFactory.getLogger(KernelForwardPass.class);

  // As in encoder.cu.
  private static final int NORM_THREADS = 256;
  private static final int NORM_ROWS = 8;
  private static final int LARGEST_HEAD = 64;

  private final Architecture model;
  private final VectorLayout vectors;
  private final int side;
  private final int patches;
  private final int tokens;
  private final int rowLength;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final KernelGemm patchGemm;
  private final Gemm gemm;
  private final EncoderAttention attention;
  private final GpuKernel norm;
  private final GpuKernel finalNorm;
  private final GpuKernel firstTokens;
  private final GpuKernel chipVectors;

  private final DeviceWeights weights;

  private final DeviceBuffer residual; // float32 [B, T, D]
  private final DeviceBuffer normalized; // bfloat16 [B, T, max(D, I)], also attention's output
  private final DeviceBuffer hidden; // bfloat16 [B, T, max(3I, mlp)]

  /**
   * Compiles the kernels and loads the weights.
   *
   * @param exported model, platform and chip size
   * @param batchSize maximum number of chips in a batch
   * @param vectors vectors of a chip that are computed
   * @throws ConfigurationException if the kernels do not support the sizes of the model
   */
  KernelForwardPass(Gpu gpu, ExportedEncoder exported, int batchSize, VectorLayout vectors) {
    this.vectors = vectors;
    this.model = exported.architecture();
    this.side = exported.patchesPerSide();
    this.patches = exported.patches();
    this.tokens = exported.tokens();
    this.rowLength = exported.rowLength();
    requireSizes(exported.model());
    try {
      GpuModule module = own(DeviceEncoder.compile(gpu, DeviceCode.ENCODER, List.of()));
      this.patchGemm = new KernelGemm(module);
      this.gemm = own(gemm(gpu, module));
      this.norm = module.kernel("kiln_norm");
      this.finalNorm = module.kernel("kiln_norm_wide");
      this.firstTokens = module.kernel("kiln_tokens");
      this.chipVectors = module.kernel("kiln_vectors");

      this.weights = own(new DeviceWeights(exported, gpu));

      long rows = (long) batchSize * tokens;
      this.residual = own(gpu.allocate("tokens of a batch", rows * model.dim() * Float.BYTES));
      this.normalized =
          own(
              gpu.allocate(
                  "normalized tokens of a batch",
                  rows * Math.max(model.dim(), model.inner()) * Short.BYTES));
      this.hidden =
          own(
              gpu.allocate(
                  "hidden layer of a batch",
                  rows * Math.max(3 * model.inner(), model.mlpDim()) * Short.BYTES));
      this.attention = own(new EncoderAttention(gpu, module, model, tokens, hidden, normalized));
      measure(gpu, batchSize);
      log.info("encoder=cuda gemm=\"{}\" attention=\"{}\"", gemm.name(), attention.name());
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

  /** Returns cuBLASLt if it is installed, unless {@code -Dkiln.gemm=own}. */
  private Gemm gemm(Gpu gpu, GpuModule module) {
    Optional<CublasLt> library =
        "own".equals(System.getProperty("kiln.gemm")) ? Optional.empty() : gpu.matrixLibrary();
    return library.isPresent()
        ? new CublasLtGemm(gpu, library.get(), module, patchGemm)
        : patchGemm;
  }

  /** Selects what is fastest for the shapes of a full batch. */
  private void measure(Gpu gpu, int batchSize) {
    // Speed depends on the data: with zeros a GPU draws less power and runs faster.
    if (attention.hasCandidates()) {
      try (GpuStream stream = gpu.newStream("measuring attention")) {
        Noise.fill(gpu, stream, hidden);
        attention.choose(gpu, stream, batchSize);
      }
    }
    if (gemm instanceof CublasLtGemm library) {
      try (GpuStream stream = gpu.newStream("measuring products")) {
        Noise.fill(gpu, stream, normalized);
        Noise.fill(gpu, stream, hidden);
        measure(stream, library, batchSize);
      }
    }
  }

  private void measure(GpuStream stream, CublasLtGemm library, int batchSize) {
    try {
      stream.zero(residual, 0, residual.size());
      library.measure(true);
      for (Block block : List.of(weights.first(), weights.last())) {
        if (needsAllTokens(block)) {
          attend(stream, block, batchSize);
          mlp(stream, block, batchSize * tokens, model.dim());
        } else {
          attendToken0(stream, block, batchSize);
          mlp(stream, block, batchSize, (long) tokens * model.dim());
        }
      }
      stream.synchronize();
    } finally {
      library.measure(false);
    }
    Rows from = new Rows(normalized.address(), model.dim());
    library.chooseGelu(stream, weights.first().up(), batchSize * tokens, from, hidden);
  }

  @Override
  public DataType patchType() {
    return DataType.BF16;
  }

  @Override
  public long weightBytes() {
    return weights.bytes();
  }

  @Override
  public long activationBytes() {
    return residual.size()
        + normalized.size()
        + hidden.size()
        + gemm.workspaceBytes()
        + attention.workspaceBytes();
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
        // A slot has no resources of its own.
      }
    };
  }

  private void enqueue(GpuStream stream, SlotBuffers slot, int size) {
    int dim = model.dim();
    int rows = size * tokens;
    stream.launch(
        firstTokens,
        new LaunchShape(tokens, size, 1, NORM_THREADS, 0),
        new KernelArguments()
            .pointer(residual)
            .pointer(weights.classToken())
            .pointer(weights.omega())
            .pointer(slot.time())
            .pointer(slot.latlon())
            .pointer(slot.gsd())
            .int32(side)
            .int32(dim));
    patchGemm.addBehindClassTokens(
        stream,
        weights.patch(),
        size * patches,
        new Rows(slot.patches().address(), rowLength),
        new Rows(residual.address(), dim),
        patches);
    for (Block block : weights.blocks()) {
      norm(stream, norm, block.attention(), dim, rows, normalized);
      if (needsAllTokens(block)) {
        attend(stream, block, size);
        norm(stream, norm, block.mlp(), dim, rows, normalized);
        mlp(stream, block, rows, dim);
      } else {
        attendToken0(stream, block, size);
        norm(stream, norm, block.mlp(), (long) tokens * dim, size, normalized);
        mlp(stream, block, size, (long) tokens * dim);
      }
    }
    if (vectors.needsTokens()) {
      norm(stream, finalNorm, weights.norm(), dim, rows, residual);
      writeVectors(stream, size, slot.embedding());
    } else {
      norm(stream, finalNorm, weights.norm(), (long) tokens * dim, size, slot.embedding());
    }
  }

  /** Returns whether a block is computed for all tokens; otherwise for the class token only. */
  private boolean needsAllTokens(Block block) {
    return block.qkv() != null || vectors.needsTokens();
  }

  /** Writes the vectors of each chip from its normalized tokens in the residual. */
  private void writeVectors(GpuStream stream, int size, DeviceBuffer out) {
    int perChip = vectors.length() / vectors.dim();
    int blocks = (model.dim() + NORM_THREADS - 1) / NORM_THREADS;
    stream.launch(
        chipVectors,
        new LaunchShape(perChip, size, blocks, NORM_THREADS, 0),
        new KernelArguments()
            .pointer(residual)
            .pointer(out)
            .int32(side)
            .int32(vectors.patchGrid())
            .int32(vectors.mean() ? 1 : 0)
            .int32(model.dim()));
  }

  /** Adds attention to the residual: {@code residual += attention(normalized)}, for all tokens. */
  private void attend(GpuStream stream, Block block, int size) {
    int rows = size * tokens;
    long inner = model.inner();
    Rows from = new Rows(normalized.address(), model.dim());
    Rows attended = new Rows(normalized.address(), inner);
    Rows queries = new Rows(hidden.address(), 3 * inner);
    if (block.qkv() != null) {
      gemm.store(stream, block.qkv(), rows, from, queries);
    } else {
      Rows keys = new Rows(hidden.address() + inner * Short.BYTES, 3 * inner);
      gemm.store(stream, block.q(), rows, from, queries);
      gemm.store(stream, block.kv(), rows, from, keys);
    }
    attention.enqueue(stream, tokens, size);
    gemm.add(stream, block.out(), rows, attended, new Rows(residual.address(), model.dim()));
  }

  /**
   * Does the same for the first token of each chip, the only one needed after the last block for an
   * embedding alone. The queries of other tokens are undefined and not used.
   */
  private void attendToken0(GpuStream stream, Block block, int size) {
    long dim = model.dim();
    long inner = model.inner();
    gemm.store(
        stream,
        block.kv(),
        size * tokens,
        new Rows(normalized.address(), dim),
        new Rows(hidden.address() + inner * Short.BYTES, 3 * inner));
    gemm.store(
        stream,
        block.q(),
        size,
        new Rows(normalized.address(), tokens * dim),
        new Rows(hidden.address(), tokens * 3 * inner));
    attention.enqueue(stream, 1, size);
    gemm.add(
        stream,
        block.out(),
        size,
        new Rows(normalized.address(), tokens * inner),
        new Rows(residual.address(), tokens * dim));
  }

  /**
   * Adds the MLP to the residual: {@code residual += mlp(normalized)}, for rows that are {@code
   * stride} apart.
   */
  private void mlp(GpuStream stream, Block block, int rows, long stride) {
    Rows widened = new Rows(hidden.address(), model.mlpDim());
    gemm.gelu(stream, block.up(), rows, new Rows(normalized.address(), model.dim()), widened);
    gemm.add(stream, block.down(), rows, widened, new Rows(residual.address(), stride));
  }

  private void norm(
      GpuStream stream, GpuKernel kernel, Norm weights, long stride, int rows, DeviceBuffer out) {
    stream.launch(
        kernel,
        LaunchShape.of((rows + NORM_ROWS - 1) / NORM_ROWS, NORM_THREADS),
        new KernelArguments()
            .pointer(residual)
            .int64(stride)
            .pointer(weights.weight())
            .pointer(weights.bias())
            .pointer(out)
            .int32(rows)
            .int32(model.dim()));
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
