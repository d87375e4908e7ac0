package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.SupportedPrecisions;
import dev.kiln.infer.VectorLayout;
import dev.kiln.infer.VectorRequest;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Encoder on the CPU with oneDNN, from the tensors of the exported model. Attention and matrix
 * products are Kiln's own where those are faster ({@link OwnKernels}). Matrix products read float32
 * or bfloat16; sums, LayerNorm and softmax are float32 in both.
 *
 * <p>The threads are divided into lanes, at most one per chip of a batch. A lane encodes one chip
 * at a time, so an embedding does not depend on the other chips of its batch, and lanes do not wait
 * for each other: threads that share a chip wait for the slowest after each operation.
 */
public final class OneDnnEncoder implements TrialEncoder {
  private final ExportedEncoder exported;
  private final DataType type;
  private final EncoderDescription description;
  private final EncoderDevice device;
  private final List<Lane> lanes = new ArrayList<>();
  private final VectorLayout vectors;
  private final long weightBytes;

  /**
   * Opens the encoder: reads the weights and builds the kernels.
   *
   * @param exported model, platform and chip size
   * @param batchSize most chips in one batch
   * @param threads threads that share the work on a batch
   * @param precision type of the inputs of matrix products
   * @throws ConfigurationException if oneDNN cannot be loaded or does not support the precision on
   *     this CPU, or the weights cannot be read
   */
  public OneDnnEncoder(ExportedEncoder exported, int batchSize, int threads, DataType precision) {
    this(exported, batchSize, threads, precision, VectorRequest.CHIP);
  }

  /**
   * Opens the encoder: reads the weights and builds the kernels.
   *
   * @param exported model, platform and chip size
   * @param batchSize most chips in one batch
   * @param threads threads that share the work on a batch
   * @param precision type of the inputs of matrix products
   * @param request vectors of a chip that are computed
   * @throws ConfigurationException if oneDNN cannot be loaded or does not support the precision on
   *     this CPU, the weights cannot be read, or the patches of a chip do not fit the request
   */
  public OneDnnEncoder(
      ExportedEncoder exported,
      int batchSize,
      int threads,
      DataType precision,
      VectorRequest request) {
    this(exported, batchSize, threads, precision, request, Blocks.ALL, supported(precision));
  }

  /**
   * Opens the encoder with other kernels.
   *
   * @param blocks that it contains
   * @param source of the kernels
   */
  OneDnnEncoder(
      ExportedEncoder exported,
      int batchSize,
      int threads,
      DataType precision,
      VectorRequest request,
      Blocks blocks,
      KernelSource source) {
    this.vectors = request.layout(exported.architecture().dim(), exported.patchesPerSide());
    this.exported = exported;
    this.type = precision;
    this.device =
        EncoderDevice.cpu(
            "CPU, %s, %d %s"
                .formatted(CpuInstructions.name(), threads, threads == 1 ? "thread" : "threads"));
    this.description =
        new EncoderDescription(
            "onednn", device.name(), precision, vectors.length(), exported.chipSize(), batchSize);
    int count = lanes(threads, batchSize);
    try {
      // The context of the first lane owns the weights.
      Lane first = new Lane(threads / count, blocks);
      lanes.add(first);
      try (OneDnnWeights weights = new OneDnnWeights(exported.model(), first.dnn)) {
        Function<OneDnn, PassKernels> kernels =
            first.thread.run(() -> source.choose(exported, first.dnn, weights));
        first.build(weights, kernels);
        while (lanes.size() < count) {
          Lane lane = new Lane(threads / count, blocks);
          lanes.add(lane);
          lane.build(weights, kernels);
        }
        this.weightBytes = weights.bytes();
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Opens the first and the last block in float32, with oneDNN's kernels, for one chip. */
  static OneDnnEncoder endsInFp32(ExportedEncoder exported, int threads, VectorRequest request) {
    return new OneDnnEncoder(
        exported,
        1,
        threads,
        DataType.FP32,
        request,
        Blocks.ENDS,
        KernelSource.oneDnn(DataType.FP32));
  }

  /** Returns the most lanes with equally many threads. */
  static int lanes(int threads, int batchSize) {
    int count = Math.min(threads, batchSize);
    while (threads % count != 0) {
      count--;
    }
    return count;
  }

  /** A forward pass on a thread of its own, which OpenMP's threads of the lane join. */
  private final class Lane {
    private final ComputeThread thread = new ComputeThread();
    private final Blocks blocks;
    private final OneDnn dnn;
    private OneDnnForwardPass forward;

    Lane(int threads, Blocks blocks) {
      this.blocks = blocks;
      try {
        this.dnn = thread.run(() -> new OneDnn(threads));
      } catch (RuntimeException | Error e) {
        thread.close(() -> {});
        throw e;
      }
    }

    void build(OneDnnWeights weights, Function<OneDnn, PassKernels> kernels) {
      forward =
          thread.run(
              () ->
                  new OneDnnForwardPass(
                      dnn, weights, kernels.apply(dnn), exported, type, vectors, blocks));
    }
  }

  private static KernelSource supported(DataType precision) {
    precisions().require(precision);
    return KernelSource.ofProcess(precision);
  }

  /**
   * Returns the precisions that oneDNN supports on this CPU.
   *
   * @throws ConfigurationException if oneDNN cannot be loaded
   */
  public static SupportedPrecisions precisions() {
    return loaded(
        () ->
            new SupportedPrecisions(
                "oneDNN on this CPU (%s)".formatted(CpuInstructions.name()),
                DataType.FP32,
                CpuInstructions.hasNativeBf16()
                    ? List.of(DataType.BF16, DataType.FP32)
                    : List.of(DataType.FP32),
                CpuInstructions.supportBf16()
                    ? List.of(DataType.FP32, DataType.BF16)
                    : List.of(DataType.FP32)));
  }

  /**
   * Returns the version of oneDNN and the instructions that it uses on this CPU.
   *
   * @throws ConfigurationException if oneDNN cannot be loaded
   */
  public static String version() {
    return loaded(
        () ->
            "%s with %s, %s"
                .formatted(
                    OneDnn.version(),
                    CpuInstructions.name(),
                    CpuInstructions.hasNativeBf16() ? "bfloat16 native" : "no native bfloat16"));
  }

  private static <T> T loaded(Supplier<T> query) {
    try {
      return query.get();
    } catch (LinkageError e) {
      throw new ConfigurationException(
          "oneDNN cannot be loaded on this machine: " + e + "; use --encoder onnxruntime", e);
    }
  }

  @Override
  public EncoderDescription description() {
    return description;
  }

  @Override
  public VectorLayout vectors() {
    return vectors;
  }

  @Override
  public EncoderDevice device() {
    return device;
  }

  /** Returns the bytes that were allocated, and those of a slot. */
  @Override
  public EncoderMemory memory() {
    return new EncoderMemory(
        0,
        weightBytes,
        lanes.stream().mapToLong(lane -> lane.dnn.allocatedBytes()).sum() - weightBytes,
        HostSlot.bytes(exported.platform(), description, type));
  }

  @Override
  public BatchSlot newSlot() {
    return newSlot(Blocks.ALL);
  }

  @Override
  public BatchSlot newSlot(Blocks blocks) {
    return new Slot(blocks);
  }

  @Override
  public void close() {
    // The first, which owns the weights, last.
    for (int i = lanes.size() - 1; i >= 0; i--) {
      Lane lane = lanes.get(i);
      lane.thread.close(lane.dnn::close);
    }
  }

  private final class Slot extends HostSlot {
    private final Blocks blocks;
    private final List<Pointer> chips = new ArrayList<>();

    Slot(Blocks blocks) {
      super(exported.platform(), description, type);
      this.blocks = blocks;
      for (int i = 0; i < capacity(); i++) {
        long at = (long) i * rows().chipLength() * type.bytes();
        chips.add(new BytePointer(patches()).getPointer(at));
      }
    }

    /** Each lane takes the next chip until none is left, then turns to the batch started next. */
    @Override
    Future<?> encode() {
      AtomicInteger next = new AtomicInteger();
      float metresPerPixel = gsd();
      return CompletableFuture.allOf(
          lanes.stream()
              .map(lane -> lane.thread.start(() -> encode(lane.forward, next, metresPerPixel)))
              .toArray(CompletableFuture[]::new));
    }

    private void encode(OneDnnForwardPass forward, AtomicInteger next, float metresPerPixel) {
      for (int i = next.getAndIncrement(); i < size(); i = next.getAndIncrement()) {
        forward.run(blocks, chips.get(i), metresPerPixel, time(), location(), embeddings(), i);
      }
    }
  }
}
