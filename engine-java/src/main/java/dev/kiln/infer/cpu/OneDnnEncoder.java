package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.Precision;
import dev.kiln.infer.cpu.OneDnn.Type;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Runs the encoder on the CPU with oneDNN, from the tensors of the exported model. Matrix products
 * read float32 or bfloat16; sums, LayerNorm and softmax are float32 in both.
 *
 * <p>Chips of a batch go through one after the other, each on all threads: an embedding does not
 * depend on what else is in its batch.
 */
public final class OneDnnEncoder implements Encoder {
  private final EncoderDescription description;
  private final Platform platform;
  private final Type type;
  private final ComputeThread compute = new ComputeThread();
  private final OneDnn dnn;
  private final OneDnnForwardPass program;

  /**
   * @param model exported model
   * @param platform name of a platform that it was exported for
   * @param chip chip edge in pixels, a multiple of 8
   * @param batch most chips in one batch
   * @param threads threads for one chip
   * @param precision of the matrix products, {@link Precision#FP32} or {@link Precision#BF16}
   * @throws ConfigurationException if oneDNN cannot be loaded or not compute so, or the weights
   *     cannot be read
   */
  public OneDnnEncoder(
      ModelDirectory model,
      String platform,
      int chip,
      int batch,
      int threads,
      Precision precision) {
    this.type =
        switch (precision) {
          case FP32 -> Type.F32;
          case BF16 -> Type.BF16;
          case AUTO, FP16, FP8 ->
              throw new IllegalArgumentException("fp32 or bf16 expected, found " + precision);
        };
    this.platform = model.platform(platform);
    String instructions;
    try {
      instructions = OneDnn.instructions();
      if (type == Type.BF16 && !OneDnn.computesBf16()) {
        throw new ConfigurationException(
            "--precision bf16: oneDNN has none for this CPU (%s); use fp32"
                .formatted(instructions));
      }
      this.dnn = compute.run(() -> new OneDnn(threads));
    } catch (LinkageError e) {
      compute.close(() -> {});
      throw new ConfigurationException(
          "oneDNN cannot be loaded on this machine: " + e + "; use --encoder onnxruntime", e);
    }
    this.description =
        new EncoderDescription(
            "onednn",
            "CPU, %s, %d %s".formatted(instructions, threads, threads == 1 ? "thread" : "threads"),
            type == Type.F32 ? "fp32" : "bf16",
            model.architecture().dim(),
            chip,
            batch);
    try {
      this.program =
          compute.run(
              () -> {
                try (OneDnnWeights weights = new OneDnnWeights(model, dnn)) {
                  return new OneDnnForwardPass(dnn, weights, model, platform, chip, type);
                }
              });
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Whether this CPU multiplies bfloat16 itself; elsewhere it is slower than float32.
   *
   * @throws ConfigurationException if oneDNN cannot be loaded
   */
  public static boolean multipliesBf16() {
    return loaded(OneDnn::hasBf16);
  }

  /**
   * Version of oneDNN, and the instructions that it takes on this CPU.
   *
   * @throws ConfigurationException if it cannot be loaded
   */
  public static String version() {
    return loaded(
        () ->
            "%s with %s, %s"
                .formatted(
                    OneDnn.version(),
                    OneDnn.instructions(),
                    OneDnn.hasBf16() ? "bfloat16 native" : "no native bfloat16"));
  }

  private static <T> T loaded(Supplier<T> question) {
    try {
      return question.get();
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
      super(platform, description, type.rows(), compute);
      for (int i = 0; i < capacity(); i++) {
        long at = (long) i * rows().chipLength() * type.bytes();
        chips.add(new BytePointer(patches()).getPointer(at));
      }
    }

    @Override
    void encode() {
      for (int i = 0; i < size(); i++) {
        program.run(chips.get(i), gsd(), time(), location(), embeddings(), i);
      }
    }
  }
}
