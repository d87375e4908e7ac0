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
 * The forward pass as a TensorRT plan. Weights and activations are there once for all slots, whose
 * batches come one after the other on one stream.
 *
 * <p>Each slot runs each size of batch through an execution of its own, which is captured as a CUDA
 * graph when it comes a second time: a captured graph holds only as long as nothing of its
 * execution changes. That there be few of them, sizes are those of full batches and powers of two,
 * and what lies between is rounded up.
 */
public final class TensorRtForwardPass implements DeviceForwardPass {
  private static final Logger LOG = LoggerFactory.getLogger(TensorRtForwardPass.class);

  private final Engine engine;
  private final DeviceBuffer activations;
  private boolean capturable = true;
  private boolean closed;

  /**
   * @param gpu that the engine was loaded onto
   * @param engine owned by this from now on, also if this throws
   * @throws dev.kiln.cuda.DeviceMemoryException if there is no room for activations
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
          "slot of %d chips, at most the plan's %d expected".formatted(slot.capacity(), most));
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

  /** The size that a batch runs as: rows beyond its own hold anything and mix with none. */
  static int rounded(int size, int capacity) {
    int power = Integer.highestOneBit(size);
    return Math.min(capacity, power == size ? size : 2 * power);
  }

  private final class SlotBinding implements Binding {
    private final SlotBuffers slot;
    private final Map<Integer, Pass> passes = new HashMap<>();

    SlotBinding(SlotBuffers slot) {
      this.slot = slot;
      // A full batch must not fail later for what could be known now.
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

  /** One size of batch in one slot. */
  private final class Pass implements AutoCloseable {
    private final Engine.Execution execution;
    private GpuGraph graph;
    private boolean ran;

    Pass(Engine.Execution execution) {
      this.execution = execution;
    }

    void enqueue(GpuStream compute) {
      // The first time TensorRT sets itself up for the shape, which cannot be captured.
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
        LOG.warn("the plan runs without CUDA graphs, as it cannot be captured: {}", e.getMessage());
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
