package dev.kiln.cuda;

/** A function that runs on the device; lives as long as its module. */
public interface GpuKernel {
  /** As in the source. */
  String name();

  /**
   * Lets a block use more dynamic shared memory than the 48 KiB that all devices have.
   *
   * @throws CudaException if the device has not as much
   */
  void allowSharedMemory(int bytes);
}
