package dev.kiln.infer;

import dev.kiln.fault.ConfigurationFault;
import dev.kiln.model.ModelDirectory;

/** Opens the best encoder that the machine has. */
public final class Encoders {
  /** Enough rows for the matrix products to run full; more only costs memory. */
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
    int threads =
        options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
    int batch = options.batch() > 0 ? options.batch() : CPU_BATCH;
    // In float32 the two are alike on idle cores, and oneDNN's OpenMP threads wait badly for each
    // other where cores are shared.
    boolean oneDnn =
        options.kind() != EncoderOptions.Kind.ONNXRUNTIME && options.precision() != Precision.FP32;
    if (oneDnn) {
      return new OneDnnEncoder(model, platform, chip, batch, threads, options.precision());
    }
    if (options.precision() == Precision.BF16) {
      throw new ConfigurationFault(
          "--precision bf16: ONNX Runtime has no bfloat16 on the CPU; use --encoder cpu");
    }
    return new OnnxRuntimeEncoder(model, platform, chip, batch, threads);
  }
}
