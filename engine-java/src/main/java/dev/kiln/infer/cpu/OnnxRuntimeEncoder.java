package dev.kiln.infer.cpu;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.SupportedPrecisions;
import dev.kiln.infer.VectorLayout;
import dev.kiln.infer.VectorRequest;
import dev.kiln.model.Architecture;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/** Encoder on the CPU that runs the exported graph in float32 with ONNX Runtime. */
public final class OnnxRuntimeEncoder implements Encoder {
  /** The one precision that ONNX Runtime supports on the CPU. */
  public static final SupportedPrecisions PRECISIONS =
      SupportedPrecisions.of("ONNX Runtime on the CPU", DataType.FP32);

  /** Address space only: unused pages are not backed by memory. */
  private static final long START_STACK_BYTES = 512L << 20;

  private final ExportedEncoder exported;
  private final EncoderDescription description;
  private final EncoderDevice device;
  private final VectorLayout vectors;
  private final OrtEnvironment environment;
  private final OrtSession session;
  // One batch at a time: ONNX Runtime's own threads share its work.
  private final ComputeThread compute;

  /**
   * Opens the encoder.
   *
   * @param exported model, platform and chip size; the model must contain their graph
   * @param batchSize most chips in one batch
   * @param threads threads that share the work on one batch
   * @throws ConfigurationException if ONNX Runtime or the graph cannot be loaded
   */
  public OnnxRuntimeEncoder(ExportedEncoder exported, int batchSize, int threads) {
    this(exported, batchSize, threads, VectorRequest.CHIP);
  }

  /**
   * Opens the encoder.
   *
   * @param exported model, platform and chip size; the model must contain their graph, and the one
   *     that outputs all tokens if the request needs them
   * @param batchSize most chips in one batch
   * @param threads threads that share the work on one batch
   * @param request vectors of a chip that are computed
   * @throws ConfigurationException if ONNX Runtime or the graph cannot be loaded, or the patches of
   *     a chip do not fit the request
   */
  public OnnxRuntimeEncoder(
      ExportedEncoder exported, int batchSize, int threads, VectorRequest request) {
    this.exported = exported;
    this.vectors = request.layout(exported.architecture().dim(), exported.patchesPerSide());
    Path graph =
        vectors.needsTokens()
            ? exported.model().tokensGraph(exported.platform().name(), exported.chipSize())
            : exported.graph();
    this.environment = environment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      // Idle threads must leave the cores to decode.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      this.session = environment.createSession(graph.toString(), options);
    } catch (OrtException e) {
      throw new ConfigurationException(
          "%s: ONNX Runtime cannot load the model: %s; export it again"
              .formatted(graph, e.getMessage()),
          e);
    }
    this.device =
        EncoderDevice.cpu("CPU, %d %s".formatted(threads, threads == 1 ? "thread" : "threads"));
    this.description =
        new EncoderDescription(
            "onnxruntime",
            device.name(),
            DataType.FP32,
            vectors.length(),
            exported.chipSize(),
            batchSize);
    this.compute = new ComputeThread();
  }

  /**
   * Loads ONNX Runtime on a thread with a large stack. ONNX Runtime 1.29 matches the command line
   * of the process against a regular expression at start, and its recursion overflows an ordinary
   * stack from about 5 kB of command line.
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
   * Returns the version of ONNX Runtime.
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
  public VectorLayout vectors() {
    return vectors;
  }

  @Override
  public EncoderDevice device() {
    return device;
  }

  /**
   * Returns an estimate: ONNX Runtime does not report its memory. It stores the weights twice, as
   * read and packed for its matrix products, and keeps the scores of attention in memory.
   */
  @Override
  public EncoderMemory memory() {
    Architecture model = exported.architecture();
    long tokens = exported.tokens();
    long hidden = 3L * model.inner() + 2L * model.mlpDim() + 4L * model.dim();
    long chip = (tokens * hidden + model.heads() * tokens * tokens) * Float.BYTES;
    return new EncoderMemory(
        0,
        2 * exported.weightValues() * Float.BYTES,
        description.batchSize() * chip,
        HostSlot.bytes(exported.platform(), description, DataType.FP32));
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
      throw new IllegalStateException(
          "cannot close the session of ONNX Runtime: " + e.getMessage(), e);
    }
  }

  private final class Slot extends HostSlot {
    private final FloatBuffer metres = floats(1);

    /** What the graph writes: the embeddings, or tokens {@code [capacity, T, dim]}. */
    private final FloatBuffer output =
        vectors.needsTokens()
            ? floats(Math.multiplyExact(capacity(), exported.tokens() * vectors.dim()))
            : embeddings();

    Slot() {
      super(exported.platform(), description, DataType.FP32);
    }

    @Override
    Future<?> encode() {
      return compute.start(this::run);
    }

    private void run() throws OrtException {
      metres.put(0, gsd());
      try (OnnxTensor p =
              tensor(patches().asFloatBuffer(), size(), rows().tokens(), rows().rowLength());
          OnnxTensor g = tensor(metres, 1);
          OnnxTensor t = tensor(time(), size(), 4);
          OnnxTensor l = tensor(location(), size(), 4);
          OnnxTensor e =
              vectors.needsTokens()
                  ? tensor(output, size(), exported.tokens(), vectors.dim())
                  : tensor(output, size(), vectors.dim());
          OrtSession.Result result =
              session.run(
                  Map.of("patches", p, "gsd", g, "time", t, "latlon", l),
                  Map.of(vectors.needsTokens() ? "tokens" : "embedding", e))) {
        if (result.size() != 1) {
          throw new OrtException("expected 1 output, found " + result.size());
        }
      }
      if (vectors.needsTokens()) {
        int chip = exported.tokens() * vectors.dim();
        for (int i = 0; i < size(); i++) {
          vectors.write(
              output, i * chip, exported.patchesPerSide(), embeddings(), i * vectors.length());
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
