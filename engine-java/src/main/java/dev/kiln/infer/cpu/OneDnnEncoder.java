package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.SupportedPrecisions;
import dev.kiln.infer.VectorLayout;
import dev.kiln.infer.VectorRequest;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Encoder on the CPU with oneDNN, from the tensors of the exported model. Attention and matrix
 * products are Kiln's own where those are faster ({@link OwnKernels}). Matrix products read float32
 * or bfloat16; sums, LayerNorm and softmax are float32 in both.
 *
 * <p>The chips of a batch are encoded one after the other, each on all threads, so an embedding
 * does not depend on the other chips of its batch.
 */
public final class OneDnnEncoder implements Encoder {
  private final ExportedEncoder exported;
  private final DataType type;
  private final EncoderDescription description;
  private final EncoderDevice device;
  private final ComputeThread compute = new ComputeThread();
  private final OneDnn dnn;
  private final OneDnnForwardPass forward;
  private final VectorLayout vectors;
  private final long weightBytes;

  /**
   * Opens the encoder: reads the weights and builds the kernels.
   *
   * @param exported model, platform and chip size
   * @param batchSize most chips in one batch
   * @param threads threads that share the work on one chip
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
   * @param threads threads that share the work on one chip
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
    this(exported, batchSize, threads, precision, request, mode(precision));
  }

  /** Opens the encoder with a choice of bfloat16 kernels. */
  OneDnnEncoder(
      ExportedEncoder exported,
      int batchSize,
      int threads,
      DataType precision,
      VectorRequest request,
      Bf16Mode mode) {
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
    this.dnn = compute.run(() -> new OneDnn(threads));
    try (OneDnnWeights weights = compute.run(() -> new OneDnnWeights(exported.model(), dnn))) {
      this.forward =
          compute.run(
              () ->
                  new OneDnnForwardPass(
                      dnn, weights, kernels(weights, mode), exported, precision, vectors));
      this.weightBytes = weights.bytes();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** The mode of an encoder that this CPU supports. */
  private static Bf16Mode mode(DataType precision) {
    precisions().require(precision);
    return precision == DataType.BF16 ? Bf16Mode.ofProcess() : Bf16Mode.NONE;
  }

  private PassKernels kernels(OneDnnWeights weights, Bf16Mode mode) {
    return type == DataType.FP32 ? fp32Kernels(weights) : mode.kernels(exported, dnn, weights);
  }

  private PassKernels fp32Kernels(OneDnnWeights weights) {
    KernelChoice choice = KernelChoice.ofProcess();
    FloatInstructions fastest = FloatInstructions.fastest();
    if (choice == KernelChoice.ONEDNN || fastest == FloatInstructions.PORTABLE) {
      return new PassKernels(
          new OneDnnProducts(dnn, weights, type), Optional.empty(), Optional.empty());
    }
    OwnKernels own = OwnKernels.fp32(dnn.threads());
    // Those of AVX2 were measured: they take two thirds of the time of oneDNN's.
    if (choice == KernelChoice.KILN || fastest == FloatInstructions.AVX2) {
      return new PassKernels(
          own.products().apply(weights), Optional.of(own.attention()), Optional.empty());
    }
    return new KernelTrial(dnn, own).choose(exported, weights);
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
        dnn.allocatedBytes() - weightBytes,
        HostSlot.bytes(exported.platform(), description, type));
  }

  @Override
  public BatchSlot newSlot() {
    return new Slot();
  }

  @Override
  public void close() {
    compute.close(dnn::close);
  }

  private final class Slot extends HostSlot {
    private final List<Pointer> chips = new ArrayList<>();

    Slot() {
      super(exported.platform(), description, type, compute);
      for (int i = 0; i < capacity(); i++) {
        long at = (long) i * rows().chipLength() * type.bytes();
        chips.add(new BytePointer(patches()).getPointer(at));
      }
    }

    @Override
    void encode() {
      for (int i = 0; i < size(); i++) {
        forward.run(chips.get(i), gsd(), time(), location(), embeddings(), i);
      }
    }
  }
}
