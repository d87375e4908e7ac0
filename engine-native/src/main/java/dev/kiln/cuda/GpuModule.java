package dev.kiln.cuda;

/** Compiled code on a device. The owner closes it when none of its kernels is running. */
public interface GpuModule extends AutoCloseable {
  /**
   * Returns a kernel.
   *
   * @param name of an {@code extern "C" __global__} function
   * @throws CudaException if the code has no such function
   */
  GpuKernel kernel(String name);

  @Override
  void close();
}
