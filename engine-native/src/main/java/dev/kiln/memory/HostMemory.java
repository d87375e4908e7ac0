package dev.kiln.memory;

/**
 * Where host memory comes from: the heap of the process, or pages that a device can read itself.
 */
public interface HostMemory {
  /** Ordinary memory. */
  HostMemory ORDINARY = HostBuffer::allocate;

  /**
   * Memory that holds anything; the caller owns it.
   *
   * @param purpose what it is for, named in errors
   * @param bytes at least 1
   * @throws OutOfMemoryError if the system has no such block left
   */
  HostBuffer allocate(String purpose, long bytes);
}
