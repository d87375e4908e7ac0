package dev.kiln.infer.gpu;

import dev.kiln.cuda.AlgorithmCache;
import dev.kiln.cuda.CublasLt;
import dev.kiln.cuda.CublasLt.Algorithm;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GemmShape;
import dev.kiln.cuda.GemmShape.Output;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.GpuTimer;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Matrix products by cuBLASLt. Bias and residual are epilogues of the products. GELU is a separate
 * pass, which also adds the bias in float32: the library's epilogue computes the tanh approximation
 * in bfloat16, but the model was trained with the erf form. For full batches cuDNN may compute both
 * in one kernel.
 *
 * <p>The library recommends several algorithms for a shape. While {@link #measure measuring} is on,
 * they are timed for each new shape, and the fastest is kept, also on disk; otherwise a new shape
 * uses the first recommendation. Products that the library does not support are computed by Kiln's
 * own kernels.
 */
final class CublasLtGemm implements Gemm {
  private static final Logger log = LoggerFactory.getLogger(CublasLtGemm.class);

  private static final int CANDIDATES = 8;
  private static final int TIMED_RUNS = 3;

  // As in encoder.cu.
  private static final int GELU_THREADS = 256;
  private static final int GELU_ROWS = 4;
  private static final int GELU_COLUMNS = 8;

  private final Gpu gpu;
  private final CublasLt library;
  private final Gemm fallback;
  private final GpuKernel gelu;
  private final FusedGelu fused;
  private final AlgorithmCache cache;
  private final Map<GemmShape, Optional<Choice>> choices = new HashMap<>();
  private boolean measuring;

  /** A product and its algorithm. */
  private record Choice(CublasLt.Product product, Algorithm algorithm) {}

  /**
   * Creates the products.
   *
   * @param library closed by this object
   * @param module compiled from {@code encoder.cu}; borrowed
   * @param fallback computes products that the library does not support; borrowed
   */
  CublasLtGemm(Gpu gpu, CublasLt library, GpuModule module, Gemm fallback) {
    this.gpu = gpu;
    this.library = library;
    this.fallback = fallback;
    this.gelu = module.kernel("kiln_gelu");
    this.fused = new FusedGelu(gpu);
    this.cache = AlgorithmCache.of(gpu.description(), CublasLt.version());
  }

  @Override
  public String name() {
    return CublasLt.description() + fused.name().map(name -> ", GELU by " + name).orElse("");
  }

  /** Turns measuring on or off: while it is on, the outputs of new shapes are undefined. */
  void measure(boolean on) {
    measuring = on;
  }

  @Override
  public long workspaceBytes() {
    return library.workspaceBytes() + fused.workspaceBytes();
  }

  @Override
  public void store(GpuStream stream, Linear linear, int rows, Rows from, Rows to) {
    if (!product(stream, linear, rows, from, to, Output.STORE)) {
      fallback.store(stream, linear, rows, from, to);
    }
  }

  @Override
  public void gelu(GpuStream stream, Linear linear, int rows, Rows from, Rows to) {
    GemmShape shape = shape(linear, rows, from, to, Output.STORE);
    if (!fused.enqueue(stream, shape, linear, from, to)) {
      separateGelu(stream, linear, rows, from, to);
    }
  }

  /**
   * Chooses the faster implementation of {@link #gelu} for a shape; its algorithms are known.
   *
   * @param to receives contiguous rows, which are undefined afterwards
   */
  void chooseGelu(GpuStream stream, Linear linear, int rows, Rows from, DeviceBuffer to) {
    Rows out = new Rows(to.address(), linear.out());
    fused.choose(
        stream,
        shape(linear, rows, from, out, Output.STORE),
        linear,
        from,
        to,
        () -> separateGelu(stream, linear, rows, from, out));
  }

  private void separateGelu(GpuStream stream, Linear linear, int rows, Rows from, Rows to) {
    if (!product(stream, linear, rows, from, to, Output.STORE)) {
      fallback.gelu(stream, linear, rows, from, to);
      return;
    }
    geluPass(stream, gelu, linear, rows, to);
  }

  /**
   * Queues the pass after the product.
   *
   * @param kernel {@code kiln_gelu}
   * @param to contiguous rows of the product, replaced
   */
  static void geluPass(GpuStream stream, GpuKernel kernel, Linear linear, int rows, Rows to) {
    long threads = (long) ((rows + GELU_ROWS - 1) / GELU_ROWS) * (linear.out() / GELU_COLUMNS);
    stream.launch(
        kernel,
        LaunchShape.of(Math.toIntExact((threads + GELU_THREADS - 1) / GELU_THREADS), GELU_THREADS),
        new KernelArguments()
            .int64(to.address())
            .pointer(linear.bias().orElseThrow())
            .int32(rows)
            .int32(linear.out()));
  }

  @Override
  public void add(GpuStream stream, Linear linear, int rows, Rows from, Rows to) {
    Output output = linear.bias().isPresent() ? Output.ADD_WITH_BIAS : Output.ADD;
    if (!product(stream, linear, rows, from, to, output)) {
      fallback.add(stream, linear, rows, from, to);
    }
  }

  private static GemmShape shape(Linear linear, int rows, Rows from, Rows to, Output output) {
    return new GemmShape(rows, linear.out(), linear.in(), from.stride(), to.stride(), output);
  }

  /** Returns whether the library computes the product. */
  private boolean product(
      GpuStream stream, Linear linear, int rows, Rows from, Rows to, Output output) {
    GemmShape shape = shape(linear, rows, from, to, output);
    Optional<Choice> choice =
        choices.computeIfAbsent(shape, added -> choose(stream, added, linear, from, to));
    choice.ifPresent(
        chosen -> enqueue(stream, chosen.product(), chosen.algorithm(), linear, from, to));
    return choice.isPresent();
  }

  private static void enqueue(
      GpuStream stream,
      CublasLt.Product product,
      Algorithm algorithm,
      Linear linear,
      Rows from,
      Rows to) {
    Optional<DeviceBuffer> bias =
        product.shape().output() == Output.ADD_WITH_BIAS ? linear.bias() : Optional.empty();
    product.enqueue(stream, algorithm, from.address(), linear.weight(), bias, to.address());
  }

  private Optional<Choice> choose(
      GpuStream stream, GemmShape shape, Linear linear, Rows from, Rows to) {
    CublasLt.Product product = library.product(shape);
    try {
      Optional<Algorithm> known = cache.get(shape).filter(product::accepts);
      if (known.isPresent()) {
        return Optional.of(new Choice(product, known.get()));
      }
      List<Algorithm> candidates = product.candidates(measuring ? CANDIDATES : 1);
      if (candidates.isEmpty()) {
        log.warn("gemm shape={} fallback=kernels reason=\"not supported by cuBLASLt\"", shape);
        product.close();
        return Optional.empty();
      }
      Algorithm chosen =
          measuring ? fastest(stream, product, candidates, linear, from, to) : candidates.get(0);
      return Optional.of(new Choice(product, chosen));
    } catch (RuntimeException | Error e) {
      product.close();
      throw e;
    }
  }

  private Algorithm fastest(
      GpuStream stream,
      CublasLt.Product product,
      List<Algorithm> candidates,
      Linear linear,
      Rows from,
      Rows to) {
    int best = 0;
    double bestSeconds = Double.POSITIVE_INFINITY;
    try (GpuTimer timer = new GpuTimer(gpu, stream)) {
      for (int i = 0; i < candidates.size(); i++) {
        Algorithm candidate = candidates.get(i);
        Runnable work = () -> enqueue(stream, product, candidate, linear, from, to);
        // The first run loads the kernel.
        work.run();
        double seconds = timer.seconds(TIMED_RUNS, work);
        if (seconds < bestSeconds) {
          best = i;
          bestSeconds = seconds;
        }
      }
    }
    GemmShape shape = product.shape();
    log.info(
        String.format(
            Locale.ROOT,
            "gemm rows=%d columns=%d inner=%d output=%s algorithm=%d of %d time=%.3f ms rate=%.0f"
                + " TFLOP/s",
            shape.rows(),
            shape.columns(),
            shape.inner(),
            shape.output(),
            best + 1,
            candidates.size(),
            bestSeconds * 1e3,
            shape.flops() / bestSeconds / 1e12));
    cache.put(shape, candidates.get(best));
    return candidates.get(best);
  }

  @Override
  public void close() {
    Closer closing = new Closer();
    choices.values().forEach(choice -> choice.ifPresent(made -> closing.close(made.product())));
    choices.clear();
    closing.close(fused);
    closing.close(library);
    closing.done();
  }
}
