package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaEventCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventElapsedTime;
import static org.bytedeco.cuda.global.cudart.cudaEventSynchronize;

import org.bytedeco.cuda.cudart.CUevent_st;

/** A {@code cudaEvent_t}. */
final class CudaEvent implements GpuEvent {
  private final CUevent_st event = new CUevent_st();
  private final CudaGpu gpu;
  private boolean closed;

  CudaEvent(int flags, CudaGpu gpu) {
    this.gpu = gpu;
    Cuda.check(cudaEventCreateWithFlags(event, flags), "cudaEventCreateWithFlags");
  }

  /**
   * @throws IllegalStateException after close
   */
  synchronized CUevent_st handle() {
    if (closed) {
      throw new IllegalStateException("event used after close");
    }
    return event;
  }

  @Override
  public void synchronize() {
    // Outside the lock, so that others can record the event meanwhile.
    Cuda.check(cudaEventSynchronize(handle()), "cudaEventSynchronize");
  }

  @Override
  public float millisecondsSince(GpuEvent start) {
    float[] milliseconds = new float[1];
    Cuda.check(
        cudaEventElapsedTime(milliseconds, ((CudaEvent) start).handle(), handle()),
        "cudaEventElapsedTime");
    return milliseconds[0];
  }

  @Override
  public long address() {
    return handle().address();
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      gpu.closed(this);
      Cuda.check(cudaEventDestroy(event), "cudaEventDestroy");
    }
  }
}
