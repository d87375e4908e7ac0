package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.export.StorageType;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.Precision;
import dev.kiln.model.ModelDirectory;
import dev.kiln.tensorrt.Engine;
import dev.kiln.tensorrt.Plan;
import dev.kiln.tensorrt.PlanCompiler;
import dev.kiln.tensorrt.PlanKey;
import dev.kiln.tensorrt.PlanStore;
import dev.kiln.tensorrt.TensorRtEngine;
import dev.kiln.tensorrt.TensorRtException;
import dev.kiln.tensorrt.TensorRtLibrary;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The encoder on TensorRT: a {@link DeviceEncoder} that runs the plan which the model has for this
 * GPU. Where it has none, one is compiled and kept first: the first run on a new machine takes
 * minutes longer, and the log says so.
 */
public final class TensorRtEncoder {
  /** Fills an H100 many times over; more costs memory and gains nothing. */
  public static final int USUAL_BATCH = 64;

  private static final Logger LOG = LoggerFactory.getLogger(TensorRtEncoder.class);

  /** TensorRT, or what stands in for it in tests. */
  interface Backend {
    String version();

    Plan compile(Gpu gpu, ModelDirectory model, PlanCompiler.Options options);

    Engine load(Gpu gpu, Plan plan);
  }

  private static final Backend TENSORRT =
      new Backend() {
        @Override
        public String version() {
          return TensorRtLibrary.load();
        }

        @Override
        public Plan compile(Gpu gpu, ModelDirectory model, PlanCompiler.Options options) {
          return PlanCompiler.compile(gpu, model, options);
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
   * @param gpu owned by the encoder from now on, also if this throws
   * @param platform name of a platform that the model was exported for
   * @param chip chip edge in pixels
   * @param batch most chips in a batch; 0 for {@link #USUAL_BATCH}
   * @param precision of the matrix products; {@link Precision#AUTO} is bfloat16
   * @throws ConfigurationException if TensorRT or a plan that can be used is not to be had
   */
  public static Encoder open(
      Gpu gpu, ModelDirectory model, String platform, int chip, int batch, Precision precision) {
    return open(gpu, model, platform, chip, batch, precision, TENSORRT);
  }

  static Encoder open(
      Gpu gpu,
      ModelDirectory model,
      String platform,
      int chip,
      int batch,
      Precision precision,
      Backend backend) {
    Plan plan;
    try {
      PlanCompiler.Options options =
          new PlanCompiler.Options(
              platform,
              chip,
              products(precision),
              batch == 0 ? USUAL_BATCH : batch,
              PlanCompiler.USUAL_EFFORT);
      plan = plan(gpu, model, options, backend);
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
            model.architecture().dim(),
            chip,
            key.batch());
    return new DeviceEncoder(
        gpu,
        model.platform(platform),
        description,
        device -> new TensorRtForwardPass(device, load(device, plan, backend)));
  }

  private static Plan plan(
      Gpu gpu, ModelDirectory model, PlanCompiler.Options options, Backend backend) {
    PlanKey key =
        PlanKey.of(
            model,
            options.platform(),
            options.chip(),
            options.products(),
            options.batch(),
            backend.version(),
            gpu.description());
    PlanStore plans = new PlanStore(model);
    return plans
        .find(key)
        .orElseGet(
            () ->
                plans.alone(
                    () ->
                        plans
                            .find(key)
                            .orElseGet(() -> firstPlan(gpu, model, options, backend, plans, key))));
  }

  private static Plan firstPlan(
      Gpu gpu,
      ModelDirectory model,
      PlanCompiler.Options options,
      Backend backend,
      PlanStore plans,
      PlanKey key) {
    plans.others(key).forEach(line -> LOG.info("not the plan that is needed: {}", line));
    LOG.warn(
        "model {} has no plan for this GPU, so one is compiled now; kiln compile makes it"
            + " beforehand, and the model can be copied with it",
        model.path());
    return compile(gpu, model, options, backend);
  }

  private static Plan compile(
      Gpu gpu, ModelDirectory model, PlanCompiler.Options options, Backend backend) {
    try {
      Plan plan = backend.compile(gpu, model, options);
      LOG.info(
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
   * Compiles a plan on this machine's GPU, also where there is one.
   *
   * @throws ConfigurationException if there is no GPU or no TensorRT, or either refuses
   */
  public static Plan compile(
      ModelDirectory model, String platform, int chip, int batch, Precision precision, int effort) {
    PlanCompiler.Options options =
        new PlanCompiler.Options(
            platform, chip, products(precision), batch == 0 ? USUAL_BATCH : batch, effort);
    model.platform(platform);
    CudaDriver.Status status = CudaDriver.status();
    if (!status.ready()) {
      throw new ConfigurationException(
          "kiln compile: %s; a plan is compiled on the kind of GPU that runs it"
              .formatted(status.line()));
    }
    try (Gpu gpu = CudaGpu.open()) {
      return new PlanStore(model).alone(() -> compile(gpu, model, options, TENSORRT));
    }
  }

  /**
   * What this machine, which has a GPU, lacks for it; empty if nothing. The first call loads
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
   * Which TensorRT this machine has, and where; it is loaded only where there is a GPU.
   *
   * @throws ConfigurationException if it has none; the message says how to get it
   */
  public static String version() {
    TensorRtLibrary.Location location = TensorRtLibrary.find();
    return CudaDriver.status().ready()
        ? TensorRtLibrary.load() + " in " + location
        : "in " + location + ", not loaded without a GPU";
  }

  private static StorageType products(Precision precision) {
    return switch (precision) {
      case AUTO, BF16 -> StorageType.BFLOAT16;
      case FP16 -> StorageType.FLOAT16;
      case FP32 -> StorageType.FLOAT32;
      case FP8 ->
          throw new ConfigurationException(
              "--precision fp8: not supported yet, it needs scales measured on imagery; use bf16 or"
                  + " fp16");
    };
  }
}
