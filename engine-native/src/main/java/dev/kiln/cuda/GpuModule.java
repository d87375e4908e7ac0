package dev.kiln.cuda;

/** Compiled code on a device. The owner closes it when none of its kernels runs any more. */
public interface GpuModule extends AutoCloseable {
  /**
   * @param name of an {@code extern "C" __global__} function
   * @throws CudaException if there is none of that name
   */
  GpuKernel kernel(String name);

  @Override
  void close();
}
