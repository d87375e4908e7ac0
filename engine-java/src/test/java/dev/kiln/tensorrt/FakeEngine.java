package dev.kiln.tensorrt;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A plan without TensorRT, on a {@link FakeGpu}: an embedding is {@code [first patch number, sum of
 * times, sum of places, gsd]}. It notes what is prepared and run, and holds its callers to the
 * rules.
 */
public final class FakeEngine implements Engine {
  public static final int DIM = 4;

  private final PlanDescription description;
  private final int chipNumbers;
  private final GpuModule module;
  private final List<String> notes = new ArrayList<>();
  private long activationBytes = 512;
  private int open;
  private int failing = -1;
  private boolean closed;

  /**
   * @param chipNumbers of a chip's patches, in 16 bits each
   */
  public FakeEngine(Gpu gpu, PlanDescription description, int chipNumbers) {
    this.description = description;
    this.chipNumbers = chipNumbers;
    ((FakeGpu) gpu).define("plan", this::run);
    this.module = gpu.load("plan", new byte[0]);
  }

  /** A description of a plan for a fake GPU. */
  public static PlanDescription description(PlanKey key) {
    return new PlanDescription(
        PlanDescription.FORMAT,
        key,
        1,
        "",
        0,
        new PlanDescription.Attention(1, 1, List.of("fmha")));
  }

  /** A plan file of no content. */
  public static Plan plan(PlanStore store, PlanKey key) {
    return store.add(
        key,
        ByteBuffer.wrap(new byte[] {1}),
        "{}",
        60,
        new PlanDescription.Attention(1, 1, List.of("fmha")));
  }

  /** What was prepared, queued and closed, in order. */
  public List<String> notes() {
    return notes;
  }

  /** Lets the n-th execution that is queued from now fail, counted from 1. */
  public void fail(int n) {
    failing = n;
  }

  public void activations(long bytes) {
    activationBytes = bytes;
  }

  private void run(LaunchShape shape, long[] a) {
    int chips = shape.blocksX();
    ByteBuffer patches = FakeGpu.bytes(a[0], chips * chipNumbers * 2);
    FloatBuffer times = floats(a[1], chips * 4);
    FloatBuffer places = floats(a[2], chips * 4);
    FloatBuffer out = floats(a[4], chips * DIM);
    for (int i = 0; i < chips; i++) {
      out.put(i * DIM, Float.intBitsToFloat(patches.getShort(i * chipNumbers * 2) << 16));
      out.put(i * DIM + 1, sum(times, i));
      out.put(i * DIM + 2, sum(places, i));
      out.put(i * DIM + 3, floats(a[3], 1).get(0));
    }
  }

  private static float sum(FloatBuffer rows, int row) {
    return rows.get(row * 4)
        + rows.get(row * 4 + 1)
        + rows.get(row * 4 + 2)
        + rows.get(row * 4 + 3);
  }

  private static FloatBuffer floats(long address, int count) {
    return FakeGpu.bytes(address, count * Float.BYTES).asFloatBuffer();
  }

  @Override
  public PlanDescription description() {
    return description;
  }

  @Override
  public long activationBytes() {
    return activationBytes;
  }

  @Override
  public Execution prepare(int batch, Tensors tensors, DeviceBuffer activations) {
    if (closed || (activations == null ? 0 : activations.size()) < activationBytes) {
      throw new AssertionError("prepared after close, or without room for activations");
    }
    notes.add("prepare " + batch);
    open++;
    return new Execution() {
      private boolean shut;

      @Override
      public void enqueue(GpuStream stream) {
        if (shut) {
          throw new IllegalStateException("execution: used after close");
        }
        notes.add("enqueue " + batch);
        failing--;
        if (failing == 0) {
          throw new TensorRtException("batch of " + batch + " cannot be queued", "told to fail");
        }
        stream.launch(
            module.kernel("plan"),
            LaunchShape.of(batch, 32),
            new KernelArguments()
                .pointer(tensors.patches())
                .pointer(tensors.time())
                .pointer(tensors.latlon())
                .pointer(tensors.gsd())
                .pointer(tensors.embedding()));
      }

      @Override
      public void close() {
        if (!shut) {
          shut = true;
          open--;
          notes.add("close " + batch);
        }
      }
    };
  }

  @Override
  public void close() {
    if (open > 0) {
      throw new AssertionError(open + " executions are open");
    }
    if (!closed) {
      closed = true;
      module.close();
      notes.add("close engine");
    }
  }
}
