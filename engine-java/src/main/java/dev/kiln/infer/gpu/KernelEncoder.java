package dev.kiln.infer.gpu;

import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.Nvrtc;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.Precision;
import dev.kiln.model.ModelDirectory;
import java.util.Optional;

/**
 * The encoder in Kiln's own kernels: for GPUs where TensorRT cannot be had, and the yardstick that
 * TensorRT must beat. Any GPU since sm_80, in bfloat16.
 */
public final class KernelEncoder {
  /** Fills a large GPU many times over; more costs memory and gains nothing. */
  private static final int USUAL_BATCH = 64;

  private KernelEncoder() {}

  /** What this machine lacks for it; empty if nothing. */
  static Optional<String> missing() {
    try {
      Nvrtc.version();
      return Optional.empty();
    } catch (IllegalStateException e) {
      return Optional.of(e.getMessage());
    }
  }

  /**
   * Opens the encoder.
   *
   * @param gpu owned by the encoder from now on, also if this throws
   * @param platform name of a platform that the model was exported for
   * @param chip chip edge in pixels
   * @param batch most chips in a batch; 0 for 64
   * @param precision AUTO or BF16
   * @throws ConfigurationException if the GPU, the model or the precision is none that it knows
   */
  public static Encoder open(
      Gpu gpu, ModelDirectory model, String platform, int chip, int batch, Precision precision) {
    int most = batch == 0 ? USUAL_BATCH : batch;
    EncoderDescription description =
        new EncoderDescription(
            "cuda", gpu.description().name(), "bf16", model.architecture().dim(), chip, most);
    return new DeviceEncoder(
        gpu,
        model.platform(platform),
        description,
        device -> {
          if (precision != Precision.AUTO && precision != Precision.BF16) {
            throw new ConfigurationException(
                "--encoder cuda: Kiln's kernels multiply in bfloat16; use --precision bf16");
          }
          if (device.description().major() < 8) {
            throw new ConfigurationException(
                "--encoder cuda: sm_80 or later expected, found %s; use --encoder cpu"
                    .formatted(device.description()));
          }
          return new KernelForwardPass(device, model, platform, chip, most);
        });
  }
}
