package dev.kiln.infer;

import dev.kiln.fault.ConfigurationFault;
import dev.kiln.model.ModelDirectory;
import java.util.function.Function;

/** Opens the best encoder that the machine has. */
public final class Encoders {
  /** Chips are computed one by one; some at a time keep threads from waiting for each other. */
  private static final int CPU_BATCH = 4;

  private Encoders() {}

  /**
   * @param model exported model
   * @param platform name of a platform that it was exported for
   * @param chip chip edge in pixels
   * @throws ConfigurationFault if the machine has no such encoder
   */
  public static Encoder open(
      ModelDirectory model, String platform, int chip, EncoderOptions options) {
    if (options.kind() == EncoderOptions.Kind.TENSORRT) {
      throw new ConfigurationFault(
          "--encoder tensorrt: this version of Kiln has no GPU encoder; use --encoder cpu");
    }
    if (options.requireGpu()) {
      throw new ConfigurationFault(
          "--require-gpu: this version of Kiln has no GPU encoder; leave the flag out to run on the"
              + " CPU");
    }
    int threads = options.threads() > 0 ? options.threads() : PhysicalCores.available();
    int batch = options.batch() > 0 ? options.batch() : CPU_BATCH;
    if (options.kind() != EncoderOptions.Kind.ONNXRUNTIME) {
      Function<Precision, Encoder> open =
          precision -> new OneDnnEncoder(model, platform, chip, batch, threads, precision);
      return options.precision() == Precision.AUTO
          ? new PrecisionTrial(model.platform(platform), open)
              .choose(OneDnnEncoder.multipliesBf16())
          : open.apply(options.precision());
    }
    if (options.precision() == Precision.BF16) {
      throw new ConfigurationFault(
          "--precision bf16: ONNX Runtime has no bfloat16 on the CPU; use --encoder cpu");
    }
    return new OnnxRuntimeEncoder(model, platform, chip, batch, threads);
  }

  /**
   * What a run without a GPU takes unless told otherwise.
   *
   * @throws ConfigurationFault if it cannot be loaded
   */
  public static String onCpu() {
    int cores = PhysicalCores.available();
    return "oneDNN in fp32 on %d %s; with --precision auto %s"
        .formatted(
            cores,
            cores == 1 ? "core" : "cores",
            OneDnnEncoder.multipliesBf16() ? "in bf16, if the model bears it" : "likewise");
  }
}
