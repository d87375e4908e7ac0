package dev.kiln.infer.gpu;

import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;

/**
 * The three streams of a batch, which run concurrently. Threads must hold this object's lock while
 * they queue work.
 *
 * @param upload copies to the device
 * @param compute kernels
 * @param download copies from the device
 */
record DeviceStreams(GpuStream upload, GpuStream compute, GpuStream download)
    implements AutoCloseable {

  static DeviceStreams on(Gpu gpu) {
    GpuStream upload = gpu.newStream("upload");
    GpuStream compute = null;
    try {
      compute = gpu.newStream("compute");
      return new DeviceStreams(upload, compute, gpu.newStream("download"));
    } catch (RuntimeException | Error e) {
      Closer closing = new Closer();
      closing.close(compute);
      closing.close(upload);
      throw e;
    }
  }

  /** Waits for all queued work. */
  void synchronize() {
    Closer waiting = new Closer();
    waiting.close(upload::synchronize);
    waiting.close(compute::synchronize);
    waiting.close(download::synchronize);
    waiting.done();
  }

  @Override
  public void close() {
    Closer closing = new Closer();
    closing.close(upload);
    closing.close(compute);
    closing.close(download);
    closing.done();
  }
}
