package dev.kiln.infer.gpu;

import dev.kiln.cuda.AttentionShape;
import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.Cudnn;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceMemoryException;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.GpuTimer;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.memory.HostBuffer;
import dev.kiln.model.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attention of the forward pass. Kiln's kernel for all architectures is the reference and the
 * fallback. The kernel for sm_90 and cuDNN are used where they are available, agree with it and are
 * faster; cuDNN only for full batches.
 *
 * <p>Scores are logarithms to base 2: the exported weights of queries contain the usual factor, and
 * {@link DeviceWeights} multiplies them by log2(e).
 */
final class EncoderAttention implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EncoderAttention.class);

  /** Relative L2; two kernels that round weights to bfloat16 differ by a few thousandths. */
  static final double TOLERANCE = 1e-2;

  // As in encoder.cu.
  private static final int QUERIES = 64;
  private static final int THREADS = 128;
  private static final int ROWS = 5 * 64;

  private static final float LN_2 = (float) Math.log(2);
  private static final int TIMED_RUNS = 3;

  private final GpuKernel kernel;
  private final Architecture model;
  private final int tokens;
  private final DeviceBuffer qkv;
  private final DeviceBuffer out;
  private Optional<Cudnn> library;

  /** Compared and timed by {@link #choose}; those that are not used are closed then. */
  private final List<AttentionVariant> candidates = new ArrayList<>();

  private Optional<AttentionVariant> chosen = Optional.empty();

  /** The fastest that can compute a partial batch. */
  private Optional<AttentionVariant> chosenForAnySize = Optional.empty();

  /**
   * Uses the kernel until {@link #choose}.
   *
   * @param gpu on which other implementations are opened, except for those that {@code
   *     -Dkiln.attention} excludes: {@code own} excludes cuDNN, and {@code kernel} everything
   * @param module compiled from {@code encoder.cu}; borrowed
   * @param qkv queries, keys and values in bfloat16, {@code [B, T, 3, heads, head]}; borrowed
   * @param out receives {@code [B, T, heads, head]} in bfloat16; borrowed
   */
  EncoderAttention(
      Gpu gpu,
      GpuModule module,
      Architecture model,
      int tokens,
      DeviceBuffer qkv,
      DeviceBuffer out) {
    this.kernel = module.kernel("kiln_attention_" + model.dimHead());
    this.model = model;
    this.tokens = tokens;
    this.qkv = qkv;
    this.out = out;
    String excluded = System.getProperty("kiln.attention", "");
    if (!excluded.equals("kernel")) {
      openWarpgroups(gpu);
    }
    this.library =
        excluded.equals("kernel") || excluded.equals("own") ? Optional.empty() : openLibrary(gpu);
  }

  private void openWarpgroups(Gpu gpu) {
    try {
      if (WarpgroupAttention.supports(gpu, model, tokens)
          && AttentionTrial.succeeded(gpu, tokens)) {
        candidates.add(AttentionVariant.of(new WarpgroupAttention(gpu), qkv, out, tokens, model));
      }
    } catch (IllegalStateException | CudaException e) {
      log.warn("attention_sm90=off reason=\"does not load\" cause=\"{}\"", e.getMessage());
    }
  }

  private static Optional<Cudnn> openLibrary(Gpu gpu) {
    try {
      return gpu.fusionLibrary();
    } catch (IllegalStateException e) {
      log.warn("cudnn=off reason=\"does not open\" cause=\"{}\"", e.getMessage());
      return Optional.empty();
    }
  }

  /** Returns whether there is something to {@link #choose}. */
  boolean hasCandidates() {
    return library.isPresent() || !candidates.isEmpty();
  }

  /** Returns the library or kernel, for the log. */
  String name() {
    return chosen.map(AttentionVariant::name).orElse("kernel");
  }

  /** Returns the bytes of device memory besides input and output. */
  long workspaceBytes() {
    return chosen.map(AttentionVariant::workspaceBytes).orElse(0L);
  }

  /**
   * Queues attention.
   *
   * @param wanted number of queries per chip to compute: all tokens, or 1 for the class token
   * @param size number of chips
   */
  void enqueue(GpuStream stream, int wanted, int size) {
    Optional<AttentionVariant> variant =
        chosen.filter(one -> one.onlySize().orElse(size) == size).or(() -> chosenForAnySize);
    if (variant.isPresent() && wanted == tokens) {
      variant.get().enqueue(stream, size);
    } else {
      launch(stream, wanted, size);
    }
  }

  /** Returns the shape of a launch of the kernel. */
  static LaunchShape shape(int wanted, int heads, int head, int chips) {
    return new LaunchShape(
        (wanted + QUERIES - 1) / QUERIES, heads, chips, THREADS, ROWS * (head + 8) * Short.BYTES);
  }

  private void launch(GpuStream stream, int wanted, int size) {
    stream.launch(
        kernel,
        shape(wanted, model.heads(), model.dimHead(), size),
        new KernelArguments()
            .pointer(qkv)
            .pointer(out)
            .int32(tokens)
            .int32(wanted)
            .int32(model.heads()));
  }

  /**
   * Selects what agrees with the kernel and is fastest. The output is undefined afterwards. A
   * candidate that fails is left out: the kernel can do its work.
   *
   * @param stream idle; queries, keys and values contain noise
   * @param batchSize chips of a full batch
   */
  void choose(Gpu gpu, GpuStream stream, int batchSize) {
    AttentionShape shape =
        new AttentionShape(batchSize, tokens, model.heads(), model.dimHead(), LN_2);
    openFused(shape);
    int bytes = (int) Math.min(out.size(), (long) tokens * model.inner() * Short.BYTES);
    StringBuilder line = new StringBuilder();
    try (HostBuffer expected = gpu.pinned("attention of the kernel", bytes);
        HostBuffer found = gpu.pinned("attention of a candidate", bytes);
        GpuTimer timer = new GpuTimer(gpu, stream)) {
      Runnable reference = () -> launch(stream, tokens, batchSize);
      KernelResult.read(stream, reference, out, expected, bytes);
      double best = timer.seconds(TIMED_RUNS, reference);
      double bestForAnySize = best;
      describe(line, "kernel", shape, best);
      for (AttentionVariant each : candidates) {
        double time = Double.POSITIVE_INFINITY;
        try {
          Runnable work = () -> each.enqueue(stream, batchSize);
          KernelResult.read(stream, work, out, found, bytes);
          if (agrees(each, KernelResult.distance(found, expected, bytes))) {
            time = timer.seconds(TIMED_RUNS, work);
            describe(line, each.label(), shape, time);
          }
        } catch (IllegalStateException | CudaException e) {
          log.warn("{}=off reason=\"fails\" cause=\"{}\"", each.label(), e.getMessage());
        }
        if (time < best) {
          best = time;
          chosen = Optional.of(each);
        }
        if (time < bestForAnySize && each.onlySize().isEmpty()) {
          bestForAnySize = time;
          chosenForAnySize = Optional.of(each);
        }
      }
    }
    log.info("attention chips={} tokens={}{}", batchSize, tokens, line);
    closeUnused();
  }

  /** Prepares cuDNN; frees it if that fails. */
  private void openFused(AttentionShape shape) {
    if (library.isEmpty()) {
      return;
    }
    try {
      Optional<Cudnn.Attention> fused = library.get().attention(shape, qkv, out);
      if (fused.isPresent()) {
        candidates.add(AttentionVariant.of(library.get(), fused.get(), shape.batch()));
        library = Optional.empty();
        return;
      }
      log.info("cudnn=off reason=\"{} does not support {}\"", Cudnn.description(), shape);
    } catch (IllegalStateException | DeviceMemoryException e) {
      log.warn("cudnn=off reason=\"fails\" cause=\"{}\"", e.getMessage());
    }
    Closer closing = new Closer();
    closing.close(library.get());
    library = Optional.empty();
    closing.done();
  }

  private static boolean agrees(AttentionVariant with, double error) {
    if (error <= TOLERANCE) {
      return true;
    }
    log.warn(
        String.format(
            Locale.ROOT,
            "%s=off reason=\"%s differs from the kernel\" relative_error=%.2g limit=%.2g",
            with.label(),
            with.name(),
            error,
            TOLERANCE));
    return false;
  }

  private static void describe(StringBuilder line, String label, AttentionShape of, double time) {
    line.append(
        String.format(
            Locale.ROOT,
            " %s_ms=%.3f %s_tflops=%.0f",
            label,
            time * 1e3,
            label,
            of.flops() / time / 1e12));
  }

  private void closeUnused() {
    Closer closing = new Closer();
    for (AttentionVariant each : candidates) {
      if (!used(each)) {
        closing.close(each);
      }
    }
    candidates.removeIf(each -> !used(each));
    try {
      closing.done();
    } catch (IllegalStateException e) {
      log.warn("closing what is not used: {}", e.getMessage());
    }
  }

  private boolean used(AttentionVariant variant) {
    return chosen.filter(one -> one == variant).isPresent()
        || chosenForAnySize.filter(one -> one == variant).isPresent();
  }

  /** Frees everything but the kernel, which can be used on. A second call does nothing. */
  @Override
  public void close() {
    chosen = Optional.empty();
    chosenForAnySize = Optional.empty();
    Closer closing = new Closer();
    candidates.forEach(closing::close);
    candidates.clear();
    library.ifPresent(closing::close);
    library = Optional.empty();
    closing.done();
  }
}
