package dev.kiln.infer.select;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.EncoderOptions.Kind;
import dev.kiln.infer.PrecisionRequest;
import dev.kiln.infer.SupportedPrecisions;
import dev.kiln.infer.cpu.OneDnnEncoder;
import dev.kiln.infer.cpu.OnnxRuntimeEncoder;
import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.infer.cpu.PrecisionTrial;
import dev.kiln.infer.gpu.GpuEncoders;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the fastest encoder that the machine has and the options allow. */
public final class Encoders {
  private static final Logger log = LoggerFactory.getLogger(Encoders.class);

  /** A few chips per batch keep the stages before and after the encoder from waiting for it. */
  private static final int LEAST_CPU_BATCH = 4;

  /** A chip for each thread, which then waits for no other; more chips would take much memory. */
  private static final int MOST_CPU_BATCH = 16;

  private Encoders() {}

  /**
   * Opens an encoder.
   *
   * @param exported model, platform and chip size
   * @param options which implementation, and how
   * @return an open encoder, which the caller closes
   * @throws ConfigurationException if the machine has no such encoder
   */
  public static Encoder open(ExportedEncoder exported, EncoderOptions options) {
    return open(exported, options, GpuEncoders.ofThisMachine());
  }

  static Encoder open(ExportedEncoder exported, EncoderOptions options, GpuEncoders gpus) {
    return useGpu(options, gpus) ? onGpu(exported, options, gpus) : onCpu(exported, options);
  }

  /** Returns why no encoder can run on a GPU of this machine; empty if one can. */
  public static Optional<String> missingGpuEncoder() {
    return missingGpuEncoder(Kind.AUTO);
  }

  /**
   * Returns why an encoder cannot run on a GPU of this machine; empty if it can.
   *
   * @param kind a GPU implementation, or {@link Kind#AUTO} for any
   */
  public static Optional<String> missingGpuEncoder(Kind kind) {
    return GpuEncoders.ofThisMachine().missing(kind);
  }

  /** Returns why an implementation cannot run on this machine in a type; empty if it can. */
  public static Optional<String> missing(Kind kind, DataType precision) {
    if (kind != Kind.CPU && kind != Kind.ONNXRUNTIME) {
      return missingGpuEncoder(kind);
    }
    try {
      resolve(
          PrecisionRequest.fixed(precision),
          kind == Kind.CPU ? OneDnnEncoder.precisions() : OnnxRuntimeEncoder.PRECISIONS);
      return Optional.empty();
    } catch (ConfigurationException e) {
      return Optional.of(e.getMessage());
    }
  }

  /**
   * Resolves a precision request. CPU and GPU encoders share this one definition.
   *
   * @return one type, or several of which a trial picks, the preferred first
   * @throws ConfigurationException if the implementation does not support the requested type
   */
  static List<DataType> resolve(PrecisionRequest request, SupportedPrecisions supported) {
    if (request.type().isPresent()) {
      supported.require(request.type().get());
      return List.of(request.type().get());
    }
    return request.equals(PrecisionRequest.AUTO)
        ? supported.auto()
        : List.of(supported.byDefault());
  }

  private static boolean useGpu(EncoderOptions options, GpuEncoders gpus) {
    Kind kind = options.kind();
    String flag = "--encoder " + kind.label();
    if (kind == Kind.CPU || kind == Kind.ONNXRUNTIME) {
      if (options.requireGpu()) {
        throw new ConfigurationException(
            "--require-gpu: %s runs on the CPU; remove one of the two options".formatted(flag));
      }
      return false;
    }
    Optional<String> missing = gpus.missing(kind, options.vectors());
    if (missing.isEmpty()) {
      return kind != Kind.AUTO || !prefersCpu(options);
    }
    if (options.requireGpu()) {
      throw new ConfigurationException(
          "--require-gpu: %s; remove the option to run on the CPU".formatted(missing.get()));
    }
    if (kind != Kind.AUTO) {
      throw new ConfigurationException(
          "%s: %s; or use --encoder cpu".formatted(flag, missing.get()));
    }
    log.info("no GPU encoder: {}", missing.get());
    return false;
  }

  private static boolean prefersCpu(EncoderOptions options) {
    if (!options.precision().isFixed(DataType.FP32) || options.requireGpu()) {
      return false;
    }
    log.warn(
        "--precision fp32: the GPU stays idle, because GPU encoders multiply in 16 bits;"
            + " --precision bf16 uses it");
    return true;
  }

  private static Encoder onGpu(ExportedEncoder exported, EncoderOptions options, GpuEncoders gpus) {
    GpuEncoders.Candidate candidate = gpus.find(options.kind(), options.vectors());
    DataType precision = resolve(options.precision(), candidate.precisions()).get(0);
    return candidate
        .open()
        .open(gpus.device(), exported, options.batchSize(), precision, options.vectors());
  }

  /** Returns the batch size on a CPU unless an option gives it. */
  static int cpuBatch(int threads) {
    return Math.max(LEAST_CPU_BATCH, Math.min(threads, MOST_CPU_BATCH));
  }

  private static Encoder onCpu(ExportedEncoder exported, EncoderOptions options) {
    int threads = options.threads().orElseGet(PhysicalCores::available);
    int batchSize = options.batchSize().orElse(cpuBatch(threads));
    if (options.kind() == Kind.ONNXRUNTIME) {
      resolve(options.precision(), OnnxRuntimeEncoder.PRECISIONS);
      return new OnnxRuntimeEncoder(exported, batchSize, threads, options.vectors());
    }
    List<DataType> types = resolve(options.precision(), OneDnnEncoder.precisions());
    PrecisionTrial trial = new PrecisionTrial(exported, batchSize, threads, options.vectors());
    if (types.size() > 1) {
      return trial.choose();
    }
    if (types.get(0) == DataType.BF16) {
      return trial.requireBf16();
    }
    if (options.precision().equals(PrecisionRequest.AUTO)) {
      log.info("precision={} reason=\"no native bf16 on this CPU\"", types.get(0).label());
    }
    return new OneDnnEncoder(exported, batchSize, threads, types.get(0), options.vectors());
  }

  /**
   * Describes the encoder that a run without a GPU uses by default.
   *
   * @throws ConfigurationException if it cannot be loaded
   */
  public static String onCpu() {
    int cores = PhysicalCores.available();
    SupportedPrecisions precisions = OneDnnEncoder.precisions();
    return "oneDNN in %s on %d %s; with --precision auto in %s"
        .formatted(
            precisions.byDefault().label(),
            cores,
            cores == 1 ? "core" : "cores",
            precisions.auto().size() > 1
                ? precisions.auto().get(0).label() + " if a trial shows that the model tolerates it"
                : precisions.auto().get(0).label());
  }
}
