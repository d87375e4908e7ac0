package dev.kiln.infer.select;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.EncoderOptions.Kind;
import dev.kiln.infer.Precision;
import dev.kiln.infer.cpu.OneDnnEncoder;
import dev.kiln.infer.cpu.OnnxRuntimeEncoder;
import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.infer.cpu.PrecisionTrial;
import dev.kiln.infer.gpu.GpuEncoders;
import dev.kiln.model.ModelDirectory;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the best encoder that the machine has. */
public final class Encoders {
  private static final Logger log = LoggerFactory.getLogger(Encoders.class);

  /** Chips are computed one by one; some at a time keep threads from waiting for each other. */
  private static final int CPU_BATCH = 4;

  private Encoders() {}

  /**
   * @param model exported model
   * @param platform name of a platform that it was exported for
   * @param chip chip edge in pixels
   * @throws ConfigurationException if the machine has no such encoder
   */
  public static Encoder open(
      ModelDirectory model, String platform, int chip, EncoderOptions options) {
    return open(model, platform, chip, options, GpuEncoders.ofThisMachine());
  }

  static Encoder open(
      ModelDirectory model, String platform, int chip, EncoderOptions options, GpuEncoders gpus) {
    if (wantsGpu(options, gpus)) {
      return gpus.open(options.kind(), model, platform, chip, options.batch(), options.precision());
    }
    return onCpu(model, platform, chip, options);
  }

  /** Why no encoder can run on a GPU of this machine; empty if one can. */
  public static Optional<String> missingGpuEncoder() {
    return missingGpuEncoder(Kind.AUTO);
  }

  /** Why the encoder of this kind, which is one on a GPU, cannot run here; empty if it can. */
  public static Optional<String> missingGpuEncoder(Kind kind) {
    return GpuEncoders.ofThisMachine().missing(kind);
  }

  /** Whether the encoder is one on a GPU, which this machine has. */
  private static boolean wantsGpu(EncoderOptions options, GpuEncoders gpus) {
    Kind kind = options.kind();
    String flag = "--encoder " + kind.name().toLowerCase(Locale.ROOT);
    if (kind == Kind.CPU || kind == Kind.ONNXRUNTIME) {
      if (options.requireGpu()) {
        throw new ConfigurationException(
            "--require-gpu: %s runs on the processor; leave one of the two out".formatted(flag));
      }
      return false;
    }
    Optional<String> missing = gpus.missing(kind);
    if (missing.isEmpty()) {
      return kind != Kind.AUTO || !prefersCpu(options);
    }
    if (options.requireGpu()) {
      throw new ConfigurationException(
          "--require-gpu: %s; leave the flag out to run on the processor".formatted(missing.get()));
    }
    if (kind != Kind.AUTO) {
      throw new ConfigurationException(
          "%s: %s; or use --encoder cpu".formatted(flag, missing.get()));
    }
    log.info("no GPU encoder: {}", missing.get());
    return false;
  }

  private static boolean prefersCpu(EncoderOptions options) {
    if (options.precision() != Precision.FP32 || options.requireGpu()) {
      return false;
    }
    log.warn(
        "--precision fp32: the GPU is left idle, for its encoders multiply in 16 bits; --precision"
            + " bf16 would use it");
    return true;
  }

  private static Encoder onCpu(
      ModelDirectory model, String platform, int chip, EncoderOptions options) {
    int threads = options.threads() > 0 ? options.threads() : PhysicalCores.available();
    int batch = options.batch() > 0 ? options.batch() : CPU_BATCH;
    Precision precision = options.precision() == null ? Precision.FP32 : options.precision();
    if (precision == Precision.FP16 || precision == Precision.FP8) {
      throw new ConfigurationException(
          "--precision %s: only on a GPU; use bf16 or fp32"
              .formatted(precision.name().toLowerCase(Locale.ROOT)));
    }
    if (options.kind() != Kind.ONNXRUNTIME) {
      Function<Precision, Encoder> open =
          format -> new OneDnnEncoder(model, platform, chip, batch, threads, format);
      return precision == Precision.AUTO
          ? new PrecisionTrial(model.platform(platform), open)
              .choose(OneDnnEncoder.multipliesBf16())
          : open.apply(precision);
    }
    if (precision == Precision.BF16) {
      throw new ConfigurationException(
          "--precision bf16: ONNX Runtime has no bfloat16 on the CPU; use --encoder cpu");
    }
    return new OnnxRuntimeEncoder(model, platform, chip, batch, threads);
  }

  /**
   * What a run without a GPU takes unless told otherwise.
   *
   * @throws ConfigurationException if it cannot be loaded
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
