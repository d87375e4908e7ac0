package dev.kiln.infer.gpu;

import dev.kiln.cuda.AttentionShape;
import dev.kiln.cuda.Cudnn;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceMemoryException;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuEvent;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.memory.HostBuffer;
import dev.kiln.model.Architecture;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attention of the forward pass: Kiln's own kernel, or cuDNN for full batches where it is
 * installed, agrees with the kernel and is faster.
 *
 * <p>Scores are logarithms to base 2: the exported weights of queries contain the usual factor, and
 * {@link DeviceWeights} multiplies them by log2(e).
 */
final class EncoderAttention implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EncoderAttention.class);

  // As in encoder.cu.
  private static final int QUERIES = 64;
  private static final int THREADS = 128;
  private static final int ROWS = 5 * 64;

  private static final float LN_2 = (float) Math.log(2);
  private static final int TIMED_RUNS = 3;

  /** Relative L2; two kernels that round weights to bfloat16 differ by a few thousandths. */
  private static final double TOLERANCE = 1e-2;

  private final GpuKernel kernel;
  private final Architecture model;
  private final int tokens;
  private final DeviceBuffer qkv;
  private final DeviceBuffer out;
  private Optional<Cudnn> library;
  private Optional<Cudnn.Attention> fused = Optional.empty();
  private int fusedBatch;

  /**
   * Uses the kernel until {@link #choose}.
   *
   * @param gpu whose library of attention is opened, unless {@code -Dkiln.attention=own}
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
    this.library = open(gpu);
  }

  private static Optional<Cudnn> open(Gpu gpu) {
    if ("own".equals(System.getProperty("kiln.attention"))) {
      return Optional.empty();
    }
    try {
      return gpu.attentionLibrary();
    } catch (IllegalStateException e) {
      log.warn("attention=kernel reason=\"cuDNN does not open\" cause=\"{}\"", e.getMessage());
      return Optional.empty();
    }
  }

  /** Returns whether there is something to {@link #choose}. */
  boolean hasLibrary() {
    return library.isPresent();
  }

  /** Returns the library or kernel, for the log. */
  String name() {
    return fused.isPresent() ? Cudnn.description() : "kernel";
  }

  /**
   * Queues attention.
   *
   * @param wanted number of queries per chip to compute: all tokens, or 1 for the class token
   * @param size number of chips
   */
  void enqueue(GpuStream stream, int wanted, int size) {
    if (fused.isPresent() && wanted == tokens && size == fusedBatch) {
      fused.get().enqueue(stream);
    } else {
      launch(stream, wanted, size);
    }
  }

  private void launch(GpuStream stream, int wanted, int size) {
    int head = model.dimHead();
    stream.launch(
        kernel,
        new LaunchShape(
            (wanted + QUERIES - 1) / QUERIES,
            model.heads(),
            size,
            THREADS,
            ROWS * (head + 8) * Short.BYTES),
        new KernelArguments()
            .pointer(qkv)
            .pointer(out)
            .int32(tokens)
            .int32(wanted)
            .int32(model.heads()));
  }

  /**
   * Uses the library for full batches if it agrees with the kernel and is faster. The output is
   * undefined afterwards. A library that fails is left out: the kernel can do its work.
   *
   * @param stream idle; queries, keys and values contain noise
   * @param batchSize chips of a full batch
   */
  void choose(Gpu gpu, GpuStream stream, int batchSize) {
    try {
      AttentionShape shape =
          new AttentionShape(batchSize, tokens, model.heads(), model.dimHead(), LN_2);
      fused = library.flatMap(found -> found.attention(shape, qkv, out));
      if (fused.isEmpty()) {
        log.info("attention=kernel reason=\"{} does not support {}\"", Cudnn.description(), shape);
      }
      if (fused.isPresent() && isBetter(gpu, stream, shape, fused.get())) {
        fusedBatch = batchSize;
      } else {
        close();
      }
    } catch (IllegalStateException | DeviceMemoryException e) {
      log.warn("attention=kernel reason=\"cuDNN failed\" cause=\"{}\"", e.getMessage());
      close();
    }
  }

  private boolean isBetter(
      Gpu gpu, GpuStream stream, AttentionShape shape, Cudnn.Attention candidate) {
    long bytes = Math.min(out.size(), (long) tokens * model.inner() * Short.BYTES);
    try (HostBuffer expected = gpu.pinned("attention of the kernel", bytes);
        HostBuffer found = gpu.pinned("attention of cuDNN", bytes);
        GpuEvent begin = gpu.newTimer();
        GpuEvent end = gpu.newTimer()) {
      launch(stream, tokens, shape.batch());
      stream.copyOut(out, 0, expected, 0, bytes);
      candidate.enqueue(stream);
      stream.copyOut(out, 0, found, 0, bytes);
      stream.synchronize();
      double error = distance(found, expected, (int) bytes);
      if (!(error <= TOLERANCE)) {
        log.warn(
            String.format(
                Locale.ROOT,
                "attention=kernel reason=\"%s differs from it\" relative_error=%.2g limit=%.2g",
                Cudnn.description(),
                error,
                TOLERANCE));
        return false;
      }
      double kernelSeconds =
          seconds(stream, begin, end, () -> launch(stream, tokens, shape.batch()));
      double librarySeconds = seconds(stream, begin, end, () -> candidate.enqueue(stream));
      log.info(
          String.format(
              Locale.ROOT,
              "attention chips=%d tokens=%d kernel_ms=%.3f kernel_tflops=%.0f cudnn_ms=%.3f"
                  + " cudnn_tflops=%.0f",
              shape.batch(),
              tokens,
              kernelSeconds * 1e3,
              shape.flops() / kernelSeconds / 1e12,
              librarySeconds * 1e3,
              shape.flops() / librarySeconds / 1e12));
      return librarySeconds < kernelSeconds;
    }
  }

  private static double seconds(GpuStream stream, GpuEvent begin, GpuEvent end, Runnable work) {
    stream.record(begin);
    for (int run = 0; run < TIMED_RUNS; run++) {
      work.run();
    }
    stream.record(end);
    end.synchronize();
    return end.millisecondsSince(begin) / 1e3 / TIMED_RUNS;
  }

  private static double distance(HostBuffer found, HostBuffer expected, int bytes) {
    ByteBuffer a = found.slice(0, bytes);
    ByteBuffer b = expected.slice(0, bytes);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < bytes; i += Short.BYTES) {
      double right = DataType.BF16.toFloat(b.getShort(i));
      double delta = DataType.BF16.toFloat(a.getShort(i)) - right;
      difference += delta * delta;
      norm += right * right;
    }
    return Math.sqrt(difference / norm);
  }

  /** Frees the library; the kernel can be used on. A second call does nothing. */
  @Override
  public void close() {
    Closer closing = new Closer();
    fused.ifPresent(closing::close);
    fused = Optional.empty();
    library.ifPresent(closing::close);
    library = Optional.empty();
    closing.done();
  }
}
