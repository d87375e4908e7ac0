package dev.kiln.cuda;

import dev.kiln.memory.HostBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One CUDA device of this process and its resources. The caller owns and closes what it creates;
 * closing the device closes the rest, except pinned host memory, to which other threads may still
 * write.
 *
 * <p>Safe for concurrent use. A failed call throws {@link CudaException}; an error of work on the
 * device is thrown by the next call that waits for it.
 */
public interface Gpu extends AutoCloseable {
  /** Returns the properties of the device. */
  GpuDescription description();

  /**
   * Allocates pinned host memory, with undefined contents, which the device copies asynchronously.
   * Its pages are locked and not available to other processes.
   *
   * @param purpose for messages
   * @param bytes at least 1
   * @throws OutOfMemoryError if the system has too little memory
   */
  HostBuffer pinned(String purpose, long bytes);

  /**
   * Allocates device memory, 256-byte aligned, with undefined contents. It is slow and may wait for
   * the whole device, so never allocate while batches run.
   *
   * @param purpose for messages
   * @param bytes at least 1
   * @throws DeviceMemoryException if the device has too little memory
   */
  DeviceBuffer allocate(String purpose, long bytes);

  /**
   * Returns the energy used since the driver was loaded, in joules; empty if the device does not
   * report it.
   */
  OptionalDouble joules();

  /** Returns the bytes of device memory that no process has allocated. */
  long freeBytes();

  /**
   * Creates a stream, independent of all others.
   *
   * @param name for messages and traces
   */
  GpuStream newStream(String name);

  /** Creates an event; threads that wait for it sleep. */
  GpuEvent newEvent();

  /** Creates an event that records the time, which costs a little more than {@link #newEvent}. */
  GpuEvent newTimer();

  /**
   * Loads compiled device code.
   *
   * @param name for messages
   * @param cubin for this device's architecture, from {@link Nvrtc} or nvcc
   */
  GpuModule load(String name, byte[] cubin);

  /**
   * Compiles device code for this device, unless it is cached, and loads it.
   *
   * @param name for messages
   * @param source CUDA C++ without include directives
   * @param options of the compiler, such as {@code -DROWS=8}
   * @throws CudaException if it does not compile
   * @throws IllegalStateException if the compiler is needed and cannot be loaded
   */
  GpuModule compile(String name, String source, List<String> options);

  /**
   * Compiles Kiln's own device code, unless it is cached, and loads it.
   *
   * @throws CudaException if it does not compile
   * @throws IllegalStateException if the compiler is needed and cannot be loaded, or the device
   *     cannot run the code
   */
  default GpuModule compile(DeviceCode code) {
    return compile(code.title(), code.source(), List.of());
  }

  /**
   * Opens NVIDIA's library of matrix products on this device; the caller closes it.
   *
   * @return empty if this machine does not have it
   */
  default Optional<CublasLt> matrixLibrary() {
    return Optional.empty();
  }

  /**
   * Opens NVIDIA's library of fused operations on this device; the caller closes it.
   *
   * @return empty if this machine does not have it
   */
  default Optional<Cudnn> fusionLibrary() {
    return Optional.empty();
  }

  /** Waits for all queued work and frees everything; a second call does nothing. */
  @Override
  void close();
}
