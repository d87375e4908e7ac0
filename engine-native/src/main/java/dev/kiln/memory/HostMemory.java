package dev.kiln.memory;

/** Allocator of host memory: ordinary, or page-locked memory that a device can read directly. */
public interface HostMemory {
  /** Ordinary memory. */
  HostMemory ORDINARY = HostBuffer::allocate;

  /**
   * Allocates memory with unspecified contents, owned by the caller.
   *
   * @param purpose what the memory is for, in error messages
   * @param bytes at least 1
   * @throws OutOfMemoryError if the system cannot allocate the block
   */
  HostBuffer allocate(String purpose, long bytes);
}
