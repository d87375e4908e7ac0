package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuGraph;
import dev.kiln.cuda.GpuStream;
import dev.kiln.tensorrt.Engine;
import dev.kiln.tensorrt.TensorRtException;
import dev.kiln.type.DataType;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The forward pass as a TensorRT plan. Weights and activations exist once for all slots, whose
 * batches run one after another on one stream.
 *
 * <p>Each slot has an execution per batch size, which is captured as a CUDA graph when it runs the
 * second time: a graph is valid only while nothing about its execution changes. To limit their
 * number, sizes are rounded up to powers of two or a full batch.
 */
public final class TensorRtForwardPass implements DeviceForwardPass {
  private static final Logger LOG = LoggerFactory.getLogger(TensorRtForwardPass.class);

  private final Engine engine;
  private final DeviceBuffer activations;
  private boolean capturable = true;
  private boolean closed;

  /**
   * Allocates the activations.
   *
   * @param gpu onto which the engine was loaded
   * @param engine closed by this object, also if the constructor throws
   * @throws dev.kiln.cuda.DeviceMemoryException if the device has too little memory for activations
   */
  public TensorRtForwardPass(Gpu gpu, Engine engine) {
    this.engine = engine;
    try {
      long bytes = engine.activationBytes();
      this.activations = bytes == 0 ? null : gpu.allocate("activations of a batch", bytes);
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  @Override
  public DataType patchType() {
    return engine.description().key().precision();
  }

  @Override
  public long weightBytes() {
    return engine.description().bytes();
  }

  @Override
  public long activationBytes() {
    return engine.activationBytes();
  }

  @Override
  public Binding bind(SlotBuffers slot) {
    int most = engine.description().key().batchSize();
    if (slot.capacity() > most) {
      throw new IllegalArgumentException(
          "slot: expected at most %2$d chips, as in the plan, found %1$d"
              .formatted(slot.capacity(), most));
    }
    return new SlotBinding(slot);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Closer closing = new Closer();
      closing.close(activations);
      closing.close(engine);
      closing.done();
    }
  }

  /**
   * Returns the size that a batch is rounded up to; the additional rows are undefined and do not
   * affect others.
   */
  static int rounded(int size, int capacity) {
    int power = Integer.highestOneBit(size);
    return Math.min(capacity, power == size ? size : 2 * power);
  }

  private final class SlotBinding implements Binding {
    private final SlotBuffers slot;
    private final Map<Integer, Pass> passes = new HashMap<>();

    SlotBinding(SlotBuffers slot) {
      this.slot = slot;
      // Prepared now, so that an error is found before the first batch.
      pass(slot.capacity());
    }

    private Pass pass(int size) {
      return passes.computeIfAbsent(
          size,
          chips ->
              new Pass(
                  engine.prepare(
                      chips,
                      new Engine.Tensors(
                          slot.patches(), slot.time(), slot.latlon(), slot.gsd(), slot.embedding()),
                      activations)));
    }

    @Override
    public void enqueue(GpuStream compute, int size) {
      pass(rounded(size, slot.capacity())).enqueue(compute);
    }

    @Override
    public void close() {
      Closer closing = new Closer();
      passes.values().forEach(closing::close);
      passes.clear();
      closing.done();
    }
  }

  /** One batch size in one slot. */
  private final class Pass implements AutoCloseable {
    private final Engine.Execution execution;
    private GpuGraph graph;
    private boolean ran;

    Pass(Engine.Execution execution) {
      this.execution = execution;
    }

    void enqueue(GpuStream compute) {
      // In the first run TensorRT initializes the shape, which cannot be captured.
      if (ran && graph == null && capturable) {
        capture(compute);
      }
      if (graph != null) {
        compute.launch(graph);
      } else {
        execution.enqueue(compute);
        ran = true;
      }
    }

    private void capture(GpuStream compute) {
      try {
        graph = compute.capture(() -> execution.enqueue(compute));
      } catch (TensorRtException | CudaException e) {
        capturable = false;
        LOG.warn("cuda_graph=off reason=\"the plan cannot be captured: {}\"", e.getMessage());
      }
    }

    @Override
    public void close() {
      Closer closing = new Closer();
      closing.close(graph);
      closing.close(execution);
      closing.done();
    }
  }
}
