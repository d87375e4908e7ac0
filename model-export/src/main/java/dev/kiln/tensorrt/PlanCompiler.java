package dev.kiln.tensorrt;

import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuDescription;
import dev.kiln.error.ConfigurationException;
import dev.kiln.export.TypedModel;
import dev.kiln.io.FileTrees;
import dev.kiln.memory.NativeObject;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.tensorrt.PlanDescription.Attention;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorrt.global.nvinfer;
import org.bytedeco.tensorrt.global.nvinfer.LayerInformationFormat;
import org.bytedeco.tensorrt.global.nvinfer.MemoryPoolType;
import org.bytedeco.tensorrt.global.nvinfer.OptProfileSelector;
import org.bytedeco.tensorrt.global.nvinfer.ProfilingVerbosity;
import org.bytedeco.tensorrt.global.nvonnxparser;
import org.bytedeco.tensorrt.nvinfer.Dims64;
import org.bytedeco.tensorrt.nvinfer.IBuilder;
import org.bytedeco.tensorrt.nvinfer.IBuilderConfig;
import org.bytedeco.tensorrt.nvinfer.ICudaEngine;
import org.bytedeco.tensorrt.nvinfer.IEngineInspector;
import org.bytedeco.tensorrt.nvinfer.IHostMemory;
import org.bytedeco.tensorrt.nvinfer.ILogger.Severity;
import org.bytedeco.tensorrt.nvinfer.INetworkDefinition;
import org.bytedeco.tensorrt.nvinfer.IOptimizationProfile;
import org.bytedeco.tensorrt.nvinfer.IRuntime;
import org.bytedeco.tensorrt.nvinfer.ITimingCache;
import org.bytedeco.tensorrt.nvonnxparser.IParser;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiles an encoder with TensorRT for the GPU of this machine. A compilation takes minutes and
 * needs the GPU exclusively, because TensorRT compares timings of kernels.
 *
 * <p>Attention is required to be one kernel in every block. If TensorRT has no such kernel, the
 * encoder is compiled again without the requirement, with a warning.
 *
 * <p>JavaCPP's binding cannot extend TensorRT's progress monitor, so the log only reports elapsed
 * time.
 */
public final class PlanCompiler {
  private static final Logger log = LoggerFactory.getLogger(PlanCompiler.class);

  /** From version 11 on, every network is strongly typed. */
  private static final int NO_FLAGS = 0;

  /** TensorRT's own default of how far it searches, 0 to 5. */
  public static final int DEFAULT_EFFORT = 3;

  /**
   * Options of a compilation.
   *
   * @param precision type of the matrix products
   * @param batchSize largest batch in chips, for which kernels are chosen
   * @param effort how far TensorRT searches, 0 to 5
   */
  public record Options(DataType precision, int batchSize, int effort) {
    /**
     * Checks the options.
     *
     * @throws ConfigurationException if one is out of range
     */
    public Options {
      if (batchSize < 1) {
        throw new ConfigurationException("--batch: expected at least 1, found " + batchSize);
      }
      if (effort < 0 || effort > 5) {
        throw new ConfigurationException("--effort: expected 0 to 5, found " + effort);
      }
      if (precision == DataType.FP32) {
        throw new ConfigurationException(
            "--precision: expected bf16 or fp16 for TensorRT, found fp32");
      }
    }
  }

  private final Gpu gpu;
  private final ExportedEncoder encoder;
  private final Options options;
  private final PlanStore store;
  private final PlanKey key;
  private final TensorRtLog messages = TensorRtLog.get();

  /** Virtual functions of a parser that are declared before its destructor. */
  private static final int PARSER_FUNCTIONS = 6;

  /** Deletes native objects, the latest first. */
  private final Deque<Runnable> owned = new ArrayDeque<>();

  private PlanCompiler(Gpu gpu, ExportedEncoder encoder, Options options, String version) {
    this.gpu = gpu;
    this.encoder = encoder;
    this.options = options;
    this.store = new PlanStore(encoder.model());
    this.key =
        PlanKey.of(encoder, options.precision(), options.batchSize(), version, gpu.description());
  }

  /**
   * Compiles a plan and stores it with the model.
   *
   * @param gpu the GPU that the plan will run on; without one TensorRT crashes the process
   * @param encoder the encoder to compile
   * @param options how to compile
   * @return the stored plan
   * @throws ConfigurationException if the GPU does not support the precision, TensorRT is missing,
   *     or the model's directory cannot be written
   * @throws TensorRtException if TensorRT cannot compile the encoder
   */
  public static Plan compile(Gpu gpu, ExportedEncoder encoder, Options options) {
    requireCapable(gpu.description(), options.precision());
    return new PlanCompiler(gpu, encoder, options, TensorRtLibrary.load()).compile();
  }

  static void requireCapable(GpuDescription gpu, DataType precision) {
    int capability = 10 * gpu.major() + gpu.minor();
    if (capability < 75) {
      throw new ConfigurationException(
          "%s: TensorRT 11 expects compute capability 7.5 or later, found %d.%d; use --encoder cpu"
              .formatted(gpu.name(), gpu.major(), gpu.minor()));
    }
    if (precision == DataType.BF16 && capability < 80) {
      throw new ConfigurationException(
          "%s: bf16 expects compute capability 8.0 or later, found %d.%d; use --precision fp16"
              .formatted(gpu.name(), gpu.major(), gpu.minor()));
    }
  }

  private Plan compile() {
    Path work = directory();
    Instant start = Instant.now();
    log.info(
        "compiling {} for {} with TensorRT {}: minutes",
        key.fileName(),
        gpu.description().name(),
        key.tensorRt());
    try (PhaseLog phases = new PhaseLog(log, "compiling " + key.platform(), start)) {
      ByteBuffer plan = build(work, true);
      phases.now("reading the plan's layers");
      String layers = inspect(plan);
      Attention attention = LayerReport.attention(layers, encoder.architecture().depth());
      double seconds = Duration.between(start, Instant.now()).toMillis() / 1e3;
      Plan kept = store.add(key, plan, layers, seconds, attention);
      if (attention.complete()) {
        log.info("{}: {}", kept.file().getFileName(), attention);
      } else {
        log.warn("{}: slower than it should be: {}", kept.file().getFileName(), attention);
      }
      return kept;
    } finally {
      owned.forEach(Runnable::run);
      delete(work);
    }
  }

  private Path directory() {
    try {
      return Files.createTempDirectory(store.prepare(), ".compile");
    } catch (IOException e) {
      throw new ConfigurationException(
          "plans of %s: cannot be written: %s".formatted(encoder.model().path(), e), e);
    }
  }

  private static Path subdirectory(Path directory, String name) {
    try {
      return Files.createDirectory(directory.resolve(name));
    } catch (IOException e) {
      throw new ConfigurationException("%s: cannot be written: %s".formatted(directory, e), e);
    }
  }

  private static void delete(Path directory) {
    try {
      FileTrees.delete(directory);
    } catch (IOException e) {
      log.warn("cannot delete {}: {}", directory, e.toString());
    }
  }

  /**
   * Builds the plan, in memory of TensorRT.
   *
   * @param fused whether attention must be one kernel; if that fails, builds without
   */
  private ByteBuffer build(Path work, boolean fused) {
    Path graph =
        new TypedModel(encoder, options.precision(), fused)
            .write(subdirectory(work, fused ? "fused" : "apart"));
    IBuilder builder = keep(builder());
    INetworkDefinition network =
        keep(messages.made(builder.createNetworkV2(NO_FLAGS), "no network"));
    IParser parser = messages.made(nvonnxparser.createParser(network, messages), "no ONNX parser");
    owned.addFirst(() -> NativeObject.delete(parser, PARSER_FUNCTIONS));
    messages.check(
        parser.parseFromFile(graph.toString(), Severity.kWARNING.value), "the graph is refused");
    IBuilderConfig config = keep(messages.made(builder.createBuilderConfig(), "no configuration"));
    configure(builder, config);
    ITimingCache timings = timings(config);
    IHostMemory plan = builder.buildSerializedNetwork(network, config);
    // Also after a failure: the second build then does not time the same layers again.
    keepTimings(timings);
    if (fused && Pointer.isNull(plan)) {
      log.warn("cannot compile attention as one kernel, trying several: {}", messages.errors());
      return build(work, false);
    }
    return bytes(keep(messages.made(plan, "compiling failed")));
  }

  private void keepTimings(ITimingCache timings) {
    IHostMemory measured = timings.serialize();
    if (!Pointer.isNull(measured)) {
      store.keepTimings(key, bytes(measured));
      NativeObject.delete(measured);
    }
  }

  private IBuilder builder() {
    try {
      return messages.made(nvinfer.createInferBuilder(messages), "no builder");
    } catch (TensorRtException e) {
      throw withAdvice(e, key.architecture());
    }
  }

  /** Adds advice to an error about kernels that JavaCPP's jar lacks. */
  static RuntimeException withAdvice(TensorRtException e, String architecture) {
    return e.getMessage().contains("builder_resource")
        ? new ConfigurationException(
            "%s; NVIDIA's own TensorRT packages have the kernels for %s: set KILN_TENSORRT to the"
                    .formatted(e.getMessage(), architecture)
                + " directory of their libraries",
            e)
        : e;
  }

  private void configure(IBuilder builder, IBuilderConfig config) {
    // Half of the free memory, for the sake of other processes.
    config.setMemoryPoolLimit(MemoryPoolType.kWORKSPACE, gpu.freeBytes() / 2);
    config.setProfilingVerbosity(ProfilingVerbosity.kDETAILED);
    config.setBuilderOptimizationLevel(options.effort());
    // The graph is a chain: a second stream would only cost memory.
    config.setMaxAuxStreams(0);
    IOptimizationProfile profile =
        messages.made(builder.createOptimizationProfile(), "no optimisation profile");
    range(profile, "patches", encoder.patches(), encoder.rowLength());
    range(profile, "time", 4);
    range(profile, "latlon", 4);
    messages.check(
        config.addOptimizationProfile(profile) >= 0, "the optimisation profile is refused");
  }

  private void range(IOptimizationProfile profile, String input, long... rest) {
    set(profile, input, OptProfileSelector.kMIN, 1, rest);
    set(profile, input, OptProfileSelector.kOPT, options.batchSize(), rest);
    set(profile, input, OptProfileSelector.kMAX, options.batchSize(), rest);
  }

  private void set(
      IOptimizationProfile profile,
      String input,
      OptProfileSelector which,
      int batch,
      long... rest) {
    try (Dims64 shape = TensorRtEngine.shape(batch, rest)) {
      messages.check(
          profile.setDimensions(input, which, shape), "shape of " + input + " is refused");
    }
  }

  private ITimingCache timings(IBuilderConfig config) {
    byte[] known = store.timings(key);
    try (BytePointer bytes = new BytePointer(known)) {
      ITimingCache cache =
          messages.made(config.createTimingCache(bytes, known.length), "no timing cache");
      // Must outlive the builder.
      owned.addLast(() -> NativeObject.delete(cache));
      if (!config.setTimingCache(cache, false)) {
        log.info("ignoring the timing cache of another version or GPU");
      }
      return cache;
    }
  }

  private String inspect(ByteBuffer plan) {
    IRuntime runtime = keep(messages.made(nvinfer.createInferRuntime(messages), "no runtime"));
    ICudaEngine engine =
        keep(
            messages.made(
                runtime.deserializeCudaEngine(new BytePointer(plan), plan.remaining()),
                "cannot read the compiled plan"));
    IEngineInspector inspector =
        keep(messages.made(engine.createEngineInspector(), "no inspector"));
    String report = inspector.getEngineInformation(LayerInformationFormat.kJSON);
    messages.check(report != null, "cannot describe the compiled plan");
    return report;
  }

  private <T extends Pointer> T keep(T object) {
    owned.addFirst(() -> NativeObject.delete(object));
    return object;
  }

  private static ByteBuffer bytes(IHostMemory memory) {
    return new BytePointer(memory.data()).capacity(memory.size()).asByteBuffer();
  }
}
