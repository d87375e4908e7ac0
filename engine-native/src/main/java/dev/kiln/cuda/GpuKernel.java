package dev.kiln.cuda;

/** A function that runs on the device; valid until its module is closed. */
public interface GpuKernel {
  /** Returns the name in the source. */
  String name();

  /**
   * Permits blocks to use more dynamic shared memory than 48 KiB, the default limit.
   *
   * @throws CudaException if the device has less
   */
  void allowSharedMemory(int bytes);
}
