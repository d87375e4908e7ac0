package dev.kiln.tensorrt;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.memory.NativeObject;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorrt.global.nvinfer;
import org.bytedeco.tensorrt.global.nvinfer.DataType;
import org.bytedeco.tensorrt.global.nvinfer.MatrixOperation;
import org.bytedeco.tensorrt.nvinfer.Dims64;
import org.bytedeco.tensorrt.nvinfer.IBuilder;
import org.bytedeco.tensorrt.nvinfer.IBuilderConfig;
import org.bytedeco.tensorrt.nvinfer.ICudaEngine;
import org.bytedeco.tensorrt.nvinfer.IExecutionContext;
import org.bytedeco.tensorrt.nvinfer.IHostMemory;
import org.bytedeco.tensorrt.nvinfer.IMatrixMultiplyLayer;
import org.bytedeco.tensorrt.nvinfer.INetworkDefinition;
import org.bytedeco.tensorrt.nvinfer.IRuntime;
import org.bytedeco.tensorrt.nvinfer.ITensor;

/**
 * Plan of one bfloat16 matrix product, {@code C = A·B} with all three {@code [side, side]}, to
 * measure TensorRT's use of the device's matrix units.
 */
public final class MatrixPlan implements AutoCloseable {
  private static final int NO_FLAGS = 0;
  private static final long VALUE_BYTES = 2;

  private final TensorRtLog log;
  private final Deque<Pointer> made = new ArrayDeque<>();
  private final IExecutionContext context;

  /**
   * Compiles and loads the plan, which takes seconds.
   *
   * @param gpu open device; without one TensorRT crashes the process
   * @param side rows and columns of each matrix
   * @param a left matrix, row-major
   * @param b right matrix, row-major
   * @param c receives the product, row-major
   * @throws dev.kiln.error.ConfigurationException if TensorRT is missing
   * @throws TensorRtException if TensorRT refuses
   */
  public MatrixPlan(Gpu gpu, int side, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c) {
    TensorRtLibrary.load();
    this.log = TensorRtLog.get();
    String what = "matrix product on " + gpu.description().name();
    try (Dims64 shape = TensorRtEngine.shape(side, side)) {
      IBuilder builder = keep(log.made(nvinfer.createInferBuilder(log), what));
      INetworkDefinition network = keep(log.made(builder.createNetworkV2(NO_FLAGS), what));
      ITensor left = log.made(network.addInput("a", DataType.kBF16, shape), what);
      ITensor right = log.made(network.addInput("b", DataType.kBF16, shape), what);
      IMatrixMultiplyLayer layer =
          log.made(
              network.addMatrixMultiply(left, MatrixOperation.kNONE, right, MatrixOperation.kNONE),
              what);
      ITensor product = log.made(layer.getOutput(0), what);
      product.setName("c");
      network.markOutput(product);
      IBuilderConfig config = keep(log.made(builder.createBuilderConfig(), what));
      IHostMemory plan = keep(log.made(builder.buildSerializedNetwork(network, config), what));
      IRuntime runtime = keep(log.made(nvinfer.createInferRuntime(log), what));
      BytePointer bytes = new BytePointer(plan.data());
      ICudaEngine engine = keep(log.made(runtime.deserializeCudaEngine(bytes, plan.size()), what));
      this.context = keep(log.made(engine.createExecutionContext(), what));
      long size = VALUE_BYTES * side * side;
      log.check(
          context.setTensorAddress("a", new TensorRtEngine.Address(a.address(0, size))), what);
      log.check(
          context.setTensorAddress("b", new TensorRtEngine.Address(b.address(0, size))), what);
      log.check(
          context.setTensorAddress("c", new TensorRtEngine.Address(c.address(0, size))), what);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Queues one product and returns at once. */
  public void enqueue(GpuStream stream) {
    if (made.isEmpty()) {
      throw new IllegalStateException("matrix plan: used after close");
    }
    log.check(
        context.enqueueV3(new CUstream_st(new TensorRtEngine.Address(stream.address()))),
        "the matrix product cannot be queued");
  }

  private <T extends Pointer> T keep(T object) {
    made.addFirst(object);
    return object;
  }

  /** Frees the plan; no product may be running. A second call does nothing. */
  @Override
  public void close() {
    made.forEach(NativeObject::delete);
    made.clear();
  }
}
