package dev.kiln.cuda;

import dev.kiln.memory.HostBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One CUDA device of this process and what lies on it. Whatever it hands out has one owner, the
 * caller, who closes it; closing the device closes what is left on it. Pinned host memory stays
 * until its owner closes it, for others may be writing to it.
 *
 * <p>For any number of threads. A call that fails throws {@link CudaException}; work that fails on
 * the device is reported by the next call that waits for it.
 */
public interface Gpu extends AutoCloseable {
  /** What the device is. */
  GpuDescription description();

  /**
   * Host memory that the device copies from and to by itself, while the processor does other work.
   * It holds anything. Pages are locked: what is taken here is lost to the rest of the machine.
   *
   * @param purpose what it is for, named in errors
   * @param bytes at least 1
   * @throws OutOfMemoryError if the system has no such block left
   */
  HostBuffer pinned(String purpose, long bytes);

  /**
   * Memory on the device, 256-byte aligned. It holds anything. Takes long and may wait for the
   * whole device: nothing that a batch needs is allocated while batches run.
   *
   * @param purpose what it is for, named in errors
   * @param bytes at least 1
   * @throws DeviceMemoryException if the device has no such block left
   */
  DeviceBuffer allocate(String purpose, long bytes);

  /** Energy that it has used since its driver was loaded, in joules; empty if it does not tell. */
  OptionalDouble joules();

  /** Bytes of device memory that nobody has taken, other processes included. */
  long freeBytes();

  /**
   * A queue of work, independent of all others.
   *
   * @param name for errors and traces
   */
  GpuStream newStream(String name);

  /** A mark in a stream; whoever waits for it sleeps. */
  GpuEvent newEvent();

  /** A mark that also takes the time; costs a little more than {@link #newEvent}. */
  GpuEvent newTimer();

  /**
   * Loads compiled device code.
   *
   * @param name for errors
   * @param cubin for this device's architecture, from {@link Nvrtc} or nvcc
   */
  GpuModule load(String name, byte[] cubin);

  /**
   * Compiles device code for this device, unless that was done before on this machine, and loads
   * it.
   *
   * @param name for errors
   * @param source CUDA C++; it includes nothing
   * @param options of the compiler, such as {@code -DROWS=8}
   * @throws CudaException if it does not compile
   * @throws IllegalStateException if the compiler is needed and cannot be loaded
   */
  GpuModule compile(String name, String source, List<String> options);

  /**
   * Opens NVIDIA's library of matrix products on this device; the caller closes it.
   *
   * @return empty if it is missing on this machine
   */
  default Optional<CublasLt> matrixLibrary() {
    return Optional.empty();
  }

  /** Waits for all work under way and frees everything; a second call does nothing. */
  @Override
  void close();
}
