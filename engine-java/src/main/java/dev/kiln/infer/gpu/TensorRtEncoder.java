package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.SupportedPrecisions;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.tensorrt.Engine;
import dev.kiln.tensorrt.Plan;
import dev.kiln.tensorrt.PlanCompiler;
import dev.kiln.tensorrt.PlanKey;
import dev.kiln.tensorrt.PlanStore;
import dev.kiln.tensorrt.TensorRtEngine;
import dev.kiln.tensorrt.TensorRtException;
import dev.kiln.tensorrt.TensorRtLibrary;
import dev.kiln.type.DataType;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The encoder with TensorRT: a {@link DeviceEncoder} that runs the model's plan for this GPU. If
 * there is none, one is compiled and stored first, so that the first run on a new kind of machine
 * takes minutes longer; this is logged.
 */
public final class TensorRtEncoder {
  /** Enough to occupy an H100; larger batches only use more memory. */
  public static final int DEFAULT_BATCH_SIZE = 64;

  /** Supported precisions. */
  public static final SupportedPrecisions PRECISIONS =
      SupportedPrecisions.of("TensorRT", DataType.BF16, DataType.FP16);

  private static final Logger log = LoggerFactory.getLogger(TensorRtEncoder.class);

  /** TensorRT, or a fake in tests. */
  interface Backend {
    String version();

    Plan compile(Gpu gpu, ExportedEncoder exported, PlanCompiler.Options options);

    Engine load(Gpu gpu, Plan plan);
  }

  private static final Backend TENSORRT =
      new Backend() {
        @Override
        public String version() {
          return TensorRtLibrary.load();
        }

        @Override
        public Plan compile(Gpu gpu, ExportedEncoder exported, PlanCompiler.Options options) {
          return PlanCompiler.compile(gpu, exported, options);
        }

        @Override
        public Engine load(Gpu gpu, Plan plan) {
          return new TensorRtEngine(gpu, plan);
        }
      };

  private TensorRtEncoder() {}

  /**
   * Opens the encoder.
   *
   * @param gpu closed by the encoder, also if this method throws
   * @param exported model, platform and chip size
   * @param batchSize maximum number of chips in a batch; empty for {@link #DEFAULT_BATCH_SIZE}
   * @param precision one of {@link #PRECISIONS}
   * @throws ConfigurationException if TensorRT is missing, or no plan can be loaded or compiled
   */
  public static Encoder open(
      Gpu gpu, ExportedEncoder exported, OptionalInt batchSize, DataType precision) {
    return open(gpu, exported, batchSize, precision, TENSORRT);
  }

  static Encoder open(
      Gpu gpu,
      ExportedEncoder exported,
      OptionalInt batchSize,
      DataType precision,
      Backend backend) {
    Plan plan;
    try {
      PRECISIONS.require(precision);
      PlanCompiler.Options options =
          new PlanCompiler.Options(
              precision, batchSize.orElse(DEFAULT_BATCH_SIZE), PlanCompiler.DEFAULT_EFFORT);
      plan = plan(gpu, exported, options, backend);
    } catch (RuntimeException | Error e) {
      gpu.close();
      throw e;
    }
    PlanKey key = plan.description().key();
    EncoderDescription description =
        new EncoderDescription(
            "tensorrt",
            "%s, TensorRT %s".formatted(gpu.description().name(), key.tensorRt()),
            key.precision(),
            exported.architecture().dim(),
            exported.chipSize(),
            key.batchSize());
    return new DeviceEncoder(
        gpu,
        exported.platform(),
        description,
        device -> new TensorRtForwardPass(device, load(device, plan, backend)));
  }

  private static Plan plan(
      Gpu gpu, ExportedEncoder exported, PlanCompiler.Options options, Backend backend) {
    PlanKey key =
        PlanKey.of(
            exported,
            options.precision(),
            options.batchSize(),
            backend.version(),
            gpu.description());
    PlanStore plans = new PlanStore(exported.model());
    return plans
        .find(key)
        .orElseGet(
            () ->
                plans.alone(
                    () ->
                        plans
                            .find(key)
                            .orElseGet(
                                () -> firstPlan(gpu, exported, options, backend, plans, key))));
  }

  private static Plan firstPlan(
      Gpu gpu,
      ExportedEncoder exported,
      PlanCompiler.Options options,
      Backend backend,
      PlanStore plans,
      PlanKey key) {
    plans.others(key).forEach(line -> log.info("plan does not match: {}", line));
    log.warn(
        "model {} has no plan for this GPU, so one is compiled now; kiln compile makes it"
            + " beforehand, and the model can be copied with it",
        exported.model().path());
    return compile(gpu, exported, options, backend);
  }

  private static Plan compile(
      Gpu gpu, ExportedEncoder exported, PlanCompiler.Options options, Backend backend) {
    try {
      Plan plan = backend.compile(gpu, exported, options);
      log.info(
          String.format(
              Locale.ROOT,
              "compiled %s in %.0f s",
              plan.file().getFileName(),
              plan.description().seconds()));
      return plan;
    } catch (TensorRtException e) {
      throw new ConfigurationException(
          e.getMessage() + "; use --encoder cuda or cpu, or --log debug for more", e);
    }
  }

  private static Engine load(Gpu gpu, Plan plan, Backend backend) {
    try {
      return backend.load(gpu, plan);
    } catch (TensorRtException e) {
      throw new ConfigurationException(e.getMessage() + "; run kiln compile again", e);
    }
  }

  /**
   * Compiles a plan on this machine's GPU, even if one exists.
   *
   * @throws ConfigurationException if there is no GPU or no TensorRT, or the compilation fails
   */
  public static Plan compile(ExportedEncoder exported, PlanCompiler.Options options) {
    CudaDriver.Status status = CudaDriver.status();
    if (!status.ready()) {
      throw new ConfigurationException(
          "kiln compile: %s; a plan is compiled on the kind of GPU that runs it"
              .formatted(status.line()));
    }
    try (Gpu gpu = CudaGpu.open()) {
      return new PlanStore(exported.model()).alone(() -> compile(gpu, exported, options, TENSORRT));
    }
  }

  /**
   * Returns what a machine with a GPU lacks for the encoder; empty if nothing. The first call loads
   * TensorRT, which takes seconds.
   */
  static Optional<String> missing() {
    try {
      TensorRtLibrary.load();
      return Optional.empty();
    } catch (ConfigurationException e) {
      return Optional.of(e.getMessage());
    }
  }

  /**
   * Returns the version and location of TensorRT, which is loaded only on machines with a GPU.
   *
   * @throws ConfigurationException if it is missing; the message explains how to get it
   */
  public static String version() {
    TensorRtLibrary.Location location = TensorRtLibrary.find();
    return CudaDriver.status().ready()
        ? TensorRtLibrary.load() + " in " + location
        : "in " + location + ", not loaded without a GPU";
  }

  /**
   * Returns what the libraries of TensorRT on this machine lack; empty if nothing.
   *
   * @throws ConfigurationException if TensorRT is missing
   */
  public static Optional<String> limitation() {
    return TensorRtLibrary.find().limitation();
  }
}
