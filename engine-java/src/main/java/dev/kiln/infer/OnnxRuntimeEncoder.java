package dev.kiln.infer;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kiln.fault.ConfigurationFault;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Runs the exported graph in float32 on the CPU with ONNX Runtime. */
public final class OnnxRuntimeEncoder implements Encoder {
  /** Address space only; what is not used is not backed. */
  private static final long START_STACK_BYTES = 512L << 20;

  private final EncoderDescription description;
  private final Platform platform;
  private final OrtEnvironment environment;
  private final OrtSession session;
  // One batch at a time: ONNX Runtime's own threads share out the work inside it.
  private final ExecutorService compute;
  private boolean closed;

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
      throw new ConfigurationFault(
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
    this.compute =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "encode");
              thread.setDaemon(true);
              return thread;
            });
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
      throw new ConfigurationFault(
          "ONNX Runtime cannot be loaded on this machine: " + e.getCause(), e.getCause());
    }
  }

  /**
   * Version of the ONNX Runtime in use.
   *
   * @throws ConfigurationFault if it cannot be loaded
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
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    compute.shutdown();
    try {
      if (!compute.awaitTermination(1, TimeUnit.HOURS)) {
        throw new IllegalStateException("a batch is still computing after an hour");
      }
      session.close();
    } catch (InterruptedException e) {
      // The session stays: freeing it under a running batch would crash the process.
      Thread.currentThread().interrupt();
    } catch (OrtException e) {
      throw new IllegalStateException("closing ONNX Runtime's session: " + e.getMessage(), e);
    }
  }

  private static FloatBuffer floats(int count) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(count, Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private final class Slot implements BatchSlot {
    private final PatchRows rows = new PatchRows(platform, description.chip());
    private final int batch = description.batch();
    private final FloatBuffer patches = floats(Math.multiplyExact(batch, rows.chipLength()));
    private final FloatBuffer time = floats(batch * 4);
    private final FloatBuffer location = floats(batch * 4);
    private final FloatBuffer gsd = floats(1);
    private final FloatBuffer embeddings = floats(batch * description.dim());
    private int size;
    private Future<?> running;

    @Override
    public int size() {
      return size;
    }

    @Override
    public int capacity() {
      return batch;
    }

    @Override
    public int chip() {
      return description.chip();
    }

    @Override
    public void put(Strip strip, int column, int row, float[] chipTime, float[] chipLocation) {
      if (running != null || size == batch) {
        throw new IllegalStateException("slot is " + (running != null ? "started" : "full"));
      }
      rows.write(strip, column, row, patches, size * rows.chipLength());
      time.put(size * 4, chipTime, 0, 4);
      location.put(size * 4, chipLocation, 0, 4);
      size++;
    }

    @Override
    public void start(float metres) {
      if (running != null || size == 0) {
        throw new IllegalStateException("slot is " + (running != null ? "started" : "empty"));
      }
      gsd.put(0, metres);
      running =
          compute.submit(
              () -> {
                run();
                return null;
              });
    }

    private void run() throws OrtException {
      try (OnnxTensor p = tensor(patches, size, rows.tokens(), rows.rowLength());
          OnnxTensor g = tensor(gsd, 1);
          OnnxTensor t = tensor(time, size, 4);
          OnnxTensor l = tensor(location, size, 4);
          OnnxTensor e = tensor(embeddings, size, description.dim());
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

    @Override
    public FloatBuffer await() throws EncoderException, InterruptedException {
      if (running == null) {
        throw new IllegalStateException("slot was not started");
      }
      try {
        running.get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Error error) {
          throw error;
        }
        throw new EncoderException(
            "batch of " + size + " failed in ONNX Runtime: " + e.getCause().getMessage(),
            e.getCause());
      }
      return embeddings.duplicate().position(0).limit(size * description.dim());
    }

    @Override
    public void clear() {
      if (running != null && !running.isDone()) {
        throw new IllegalStateException("slot is computing");
      }
      running = null;
      size = 0;
    }
  }
}
