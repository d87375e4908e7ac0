package dev.kiln.tensorrt;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.NativeObject;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorrt.global.nvinfer;
import org.bytedeco.tensorrt.global.nvinfer.ExecutionContextAllocationStrategy;
import org.bytedeco.tensorrt.nvinfer.Dims64;
import org.bytedeco.tensorrt.nvinfer.ICudaEngine;
import org.bytedeco.tensorrt.nvinfer.IExecutionContext;
import org.bytedeco.tensorrt.nvinfer.IRuntime;

/** A plan loaded by TensorRT. */
public final class TensorRtEngine implements Engine {
  private final TensorRtLog log;
  private final PlanDescription description;
  private final IRuntime runtime;
  private final ICudaEngine engine;
  private boolean closed;

  /**
   * Loads a plan.
   *
   * @param gpu open device for which the plan was opened; without one TensorRT crashes the process
   * @param plan plan to load
   * @throws ConfigurationException if the plan is damaged or TensorRT is missing
   * @throws TensorRtException if TensorRT refuses the plan
   */
  public TensorRtEngine(Gpu gpu, Plan plan) {
    TensorRtLibrary.load();
    this.log = TensorRtLog.get();
    this.description = plan.description();
    ByteBuffer bytes = plan.read();
    String what = "plan %s on %s".formatted(plan.file(), gpu.description().name());
    this.runtime = log.made(nvinfer.createInferRuntime(log), what);
    try {
      this.engine =
          log.made(runtime.deserializeCudaEngine(new BytePointer(bytes), bytes.remaining()), what);
    } catch (TensorRtException e) {
      NativeObject.delete(runtime);
      throw e;
    } finally {
      // Keeps the file mapped while TensorRT reads it.
      Reference.reachabilityFence(bytes);
    }
  }

  @Override
  public PlanDescription description() {
    return description;
  }

  @Override
  public long activationBytes() {
    return engine().getDeviceMemorySizeV2();
  }

  private synchronized ICudaEngine engine() {
    if (closed) {
      throw new IllegalStateException("TensorRT engine: used after close");
    }
    return engine;
  }

  @Override
  public Execution prepare(int batch, Tensors tensors, DeviceBuffer activations) {
    return new Context(batch, tensors, activations);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      NativeObject.delete(engine);
      NativeObject.delete(runtime);
    }
  }

  /** Returns the shape {@code [first, rest…]}, which the caller closes. */
  static Dims64 shape(long first, long... rest) {
    Dims64 shape = new Dims64();
    shape.nbDims(1 + rest.length);
    shape.d(0, first);
    for (int i = 0; i < rest.length; i++) {
      shape.d(1 + i, rest[i]);
    }
    return shape;
  }

  /** An address in device memory as a pointer for TensorRT. */
  static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  /** Execution context with fixed shapes and addresses, as a captured graph requires. */
  private final class Context implements Execution {
    private final IExecutionContext context;
    private final int batch;
    private boolean freed;

    Context(int batch, Tensors tensors, DeviceBuffer activations) {
      this.batch = batch;
      this.context =
          log.made(
              engine().createExecutionContext(ExecutionContextAllocationStrategy.kUSER_MANAGED),
              "no execution context");
      try {
        if (activations != null) {
          context.setDeviceMemoryV2(new Address(activations.address()), activations.size());
        }
        Map<String, DeviceBuffer> addresses = new LinkedHashMap<>();
        addresses.put("patches", tensors.patches());
        addresses.put("time", tensors.time());
        addresses.put("latlon", tensors.latlon());
        addresses.put("gsd", tensors.gsd());
        addresses.put("embedding", tensors.embedding());
        addresses.forEach(this::bind);
        setBatch("patches");
        setBatch("time");
        setBatch("latlon");
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    private void bind(String tensor, DeviceBuffer memory) {
      log.check(
          context.setTensorAddress(tensor, new Address(memory.address())),
          "address of " + tensor + " is refused");
    }

    private void setBatch(String input) {
      try (Dims64 shape = engine().getTensorShape(input)) {
        shape.d(0, batch);
        log.check(
            context.setInputShape(input, shape),
            "%d chips of %s are refused".formatted(batch, input));
      }
    }

    @Override
    public void enqueue(GpuStream stream) {
      if (freed) {
        throw new IllegalStateException("execution context: used after close");
      }
      log.check(
          context.enqueueV3(new CUstream_st(new Address(stream.address()))),
          "batch of %d cannot be queued".formatted(batch));
    }

    @Override
    public void close() {
      if (!freed) {
        freed = true;
        NativeObject.delete(context);
      }
    }
  }
}
