package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaEventRecord;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaGraphDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphLaunch;
import static org.bytedeco.cuda.global.cudart.cudaLaunchKernel;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToDevice;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;
import static org.bytedeco.cuda.global.cudart.cudaMemsetAsync;
import static org.bytedeco.cuda.global.cudart.cudaStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamCaptureModeThreadLocal;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamEndCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaStreamWaitEvent;
import static org.bytedeco.cuda.global.cudart.cudaSuccess;

import dev.kiln.cuda.Cuda.Address;
import dev.kiln.memory.HostBuffer;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudart.dim3;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** A {@code cudaStream_t}. */
final class CudaStream implements GpuStream {
  /** Maximum number of arguments, more than any of Kiln's kernels has. */
  private static final int MAX_ARGUMENTS = 32;

  private final String name;
  private final CudaGpu gpu;
  private final CUstream_st stream = new CUstream_st();

  /** Arguments of the kernel being launched, and a pointer to each. */
  private final LongPointer values = new LongPointer(MAX_ARGUMENTS);

  private final PointerPointer<Pointer> arguments = new PointerPointer<>(MAX_ARGUMENTS);
  private boolean closed;

  CudaStream(String name, CudaGpu gpu) {
    this.name = name;
    this.gpu = gpu;
    for (int i = 0; i < MAX_ARGUMENTS; i++) {
      arguments.put(i, values.getPointer(i));
    }
    int code = cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking);
    if (code != cudaSuccess) {
      values.close();
      arguments.close();
    }
    check(code, "cudaStreamCreateWithFlags");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void copyIn(HostBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes) {
    check(
        cudaMemcpyAsync(
            new Address(to.address(toByte, bytes)),
            host(from, fromByte, bytes),
            bytes,
            cudaMemcpyHostToDevice,
            handle()),
        "cudaMemcpyAsync to " + to.purpose());
  }

  @Override
  public void copyOut(DeviceBuffer from, long fromByte, HostBuffer to, long toByte, long bytes) {
    check(
        cudaMemcpyAsync(
            host(to, toByte, bytes),
            new Address(from.address(fromByte, bytes)),
            bytes,
            cudaMemcpyDeviceToHost,
            handle()),
        "cudaMemcpyAsync from " + from.purpose());
  }

  @Override
  public void copy(DeviceBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes) {
    check(
        cudaMemcpyAsync(
            new Address(to.address(toByte, bytes)),
            new Address(from.address(fromByte, bytes)),
            bytes,
            cudaMemcpyDeviceToDevice,
            handle()),
        "cudaMemcpyAsync from " + from.purpose() + " to " + to.purpose());
  }

  private static Address host(HostBuffer buffer, long offset, long bytes) {
    if (offset < 0 || bytes < 0 || offset > buffer.size() - bytes) {
      throw new IndexOutOfBoundsException(
          "host memory: bytes " + offset + "+" + bytes + " of " + buffer.size());
    }
    return new Address(buffer.address() + offset);
  }

  @Override
  public void zero(DeviceBuffer memory, long offset, long bytes) {
    check(
        cudaMemsetAsync(new Address(memory.address(offset, bytes)), 0, bytes, handle()),
        "cudaMemsetAsync of " + memory.purpose());
  }

  @Override
  public void launch(GpuKernel kernel, LaunchShape shape, KernelArguments given) {
    long[] words = given.values();
    if (words.length > MAX_ARGUMENTS) {
      throw new IllegalArgumentException(
          "%s: expected at most %d arguments, found %d"
              .formatted(kernel.name(), MAX_ARGUMENTS, words.length));
    }
    for (int i = 0; i < words.length; i++) {
      values.put(i, words[i]);
    }
    try (dim3 blocks = new dim3(shape.blocksX(), shape.blocksY(), shape.blocksZ());
        dim3 threads = new dim3(shape.threads(), 1, 1)) {
      check(
          cudaLaunchKernel(
              ((CudaModule.Kernel) kernel).handle(),
              blocks,
              threads,
              arguments,
              shape.sharedBytes(),
              handle()),
          "cudaLaunchKernel of " + kernel.name());
    }
  }

  @Override
  public void record(GpuEvent event) {
    check(cudaEventRecord(((CudaEvent) event).handle(), handle()), "cudaEventRecord");
  }

  @Override
  public void waitFor(GpuEvent event) {
    check(cudaStreamWaitEvent(handle(), ((CudaEvent) event).handle(), 0), "cudaStreamWaitEvent");
  }

  @Override
  public GpuGraph capture(Runnable work) {
    check(
        cudaStreamBeginCapture(handle(), cudaStreamCaptureModeThreadLocal),
        "cudaStreamBeginCapture");
    CUgraph_st graph = new CUgraph_st();
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      abandonCapture(graph, e);
      throw e;
    }
    int ended = cudaStreamEndCapture(stream, graph);
    RuntimeException failure = null;
    try {
      check(ended, "cudaStreamEndCapture");
      return gpu.opened(new CudaGraph(graph, gpu));
    } catch (CudaException e) {
      failure = e;
      throw e;
    } finally {
      destroy(graph, failure);
    }
  }

  /** Ends a capture whose work failed: the stream must not stay in capture mode. */
  private void abandonCapture(CUgraph_st graph, Throwable failure) {
    if (cudaStreamEndCapture(stream, graph) != cudaSuccess) {
      // An error is expected after a failed capture. Unless it is cleared, a later check reports
      // it.
      cudaGetLastError();
    }
    destroy(graph, failure);
  }

  /**
   * Checks a call.
   *
   * @param failure that is being handled, or null; an error of this call is added to it as
   *     suppressed
   */
  private static void destroy(CUgraph_st graph, Throwable failure) {
    if (graph.isNull()) {
      return;
    }
    try {
      Cuda.check(cudaGraphDestroy(graph), "cudaGraphDestroy");
    } catch (CudaException e) {
      if (failure == null) {
        throw e;
      }
      failure.addSuppressed(e);
    }
  }

  @Override
  public void launch(GpuGraph graph) {
    check(cudaGraphLaunch(((CudaGraph) graph).handle(), handle()), "cudaGraphLaunch");
  }

  @Override
  public void synchronize() {
    check(cudaStreamSynchronize(handle()), "cudaStreamSynchronize");
  }

  @Override
  public long address() {
    return handle().address();
  }

  private synchronized CUstream_st handle() {
    if (closed) {
      throw new IllegalStateException("stream " + name + ": used after close");
    }
    return stream;
  }

  private void check(int code, String call) {
    Cuda.check(code, "stream " + name + ": " + call);
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    gpu.closed(this);
    int synchronised = cudaStreamSynchronize(stream);
    int destroyed = cudaStreamDestroy(stream);
    values.close();
    arguments.close();
    check(synchronised, "cudaStreamSynchronize");
    check(destroyed, "cudaStreamDestroy");
  }
}
