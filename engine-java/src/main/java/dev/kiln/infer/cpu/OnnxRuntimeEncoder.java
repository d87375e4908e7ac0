package dev.kiln.infer.cpu;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs the exported graph in float32 on the CPU with ONNX Runtime. */
public final class OnnxRuntimeEncoder implements Encoder {
  /** Address space only; what is not used is not backed. */
  private static final long START_STACK_BYTES = 512L << 20;

  private final EncoderDescription description;
  private final Platform platform;
  private final OrtEnvironment environment;
  private final OrtSession session;
  // One batch at a time: ONNX Runtime's own threads share out the work inside it.
  private final ComputeThread compute;

  /**
   * @param model exported model
   * @param platform name of a platform that it was exported for
   * @param chip chip edge in pixels that it was exported for
   * @param batch most chips in one batch
   * @param threads threads for one batch
   */
  public OnnxRuntimeEncoder(
      ModelDirectory model, String platform, int chip, int batch, int threads) {
    this.platform = model.platform(platform);
    Path graph = model.graph(platform, chip);
    this.environment = environment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      // Idle threads must leave the cores to decode.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      this.session = environment.createSession(graph.toString(), options);
    } catch (OrtException e) {
      throw new ConfigurationException(
          graph + ": ONNX Runtime cannot load the model: " + e.getMessage() + "; export it again",
          e);
    }
    this.description =
        new EncoderDescription(
            "onnxruntime",
            "CPU, " + threads + (threads == 1 ? " thread" : " threads"),
            "fp32",
            model.architecture().dim(),
            chip,
            batch);
    this.compute = new ComputeThread();
  }

  /**
   * ONNX Runtime matches the process's command line against a regular expression when it starts,
   * and the recursion of that (1.29) overflows an ordinary stack from about 5 kB of command line.
   */
  private static OrtEnvironment environment() {
    FutureTask<OrtEnvironment> start =
        new FutureTask<>(() -> OrtEnvironment.getEnvironment("kiln"));
    Thread roomy = new Thread(null, start, "onnxruntime-start", START_STACK_BYTES);
    roomy.start();
    try {
      return start.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while ONNX Runtime starts", e);
    } catch (ExecutionException e) {
      throw new ConfigurationException(
          "ONNX Runtime cannot be loaded on this machine: " + e.getCause(), e.getCause());
    }
  }

  /**
   * Version of the ONNX Runtime in use.
   *
   * @throws ConfigurationException if it cannot be loaded
   */
  public static String version() {
    return environment().getVersion();
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
    compute.close(this::closeSession);
  }

  private void closeSession() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("closing ONNX Runtime's session: " + e.getMessage(), e);
    }
  }

  private final class Slot extends HostSlot {
    private final FloatBuffer metres = floats(1);

    Slot() {
      super(platform, description, DataType.FP32, compute);
    }

    @Override
    void encode() throws OrtException {
      metres.put(0, gsd());
      try (OnnxTensor p =
              tensor(patches().asFloatBuffer(), size(), rows().tokens(), rows().rowLength());
          OnnxTensor g = tensor(metres, 1);
          OnnxTensor t = tensor(time(), size(), 4);
          OnnxTensor l = tensor(location(), size(), 4);
          OnnxTensor e = tensor(embeddings(), size(), description.dim());
          OrtSession.Result result =
              session.run(
                  Map.of("patches", p, "gsd", g, "time", t, "latlon", l), Map.of("embedding", e))) {
        if (result.size() != 1) {
          throw new OrtException("expected 1 output, found " + result.size());
        }
      }
    }

    private OnnxTensor tensor(FloatBuffer values, long... shape) throws OrtException {
      int length = 1;
      for (long n : shape) {
        length = Math.multiplyExact(length, (int) n);
      }
      return OnnxTensor.createTensor(
          environment, values.duplicate().position(0).limit(length), shape);
    }
  }
}
