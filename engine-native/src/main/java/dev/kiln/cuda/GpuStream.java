package dev.kiln.cuda;

import dev.kiln.memory.HostBuffer;

/**
 * A queue of work on a device. Every call puts one piece of work at its end and returns at once;
 * pieces run one after the other, alongside those of other streams. Memory that is named must live
 * until its work is done.
 *
 * <p>For one thread at a time. The owner closes it, which waits for what is queued; a second close
 * does nothing, any other use after it throws {@link IllegalStateException}.
 */
public interface GpuStream extends AutoCloseable {
  /** For errors and traces. */
  String name();

  /**
   * Copies to the device. Returns at once only from pinned memory.
   *
   * @throws IndexOutOfBoundsException if either range leaves its buffer
   */
  void copyIn(HostBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes);

  /**
   * Copies from the device. Returns at once only to pinned memory.
   *
   * @throws IndexOutOfBoundsException if either range leaves its buffer
   */
  void copyOut(DeviceBuffer from, long fromByte, HostBuffer to, long toByte, long bytes);

  /**
   * Copies within the device; the ranges do not overlap.
   *
   * @throws IndexOutOfBoundsException if either range leaves its buffer
   */
  void copy(DeviceBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes);

  /** Sets bytes to 0. */
  void zero(DeviceBuffer memory, long offset, long bytes);

  /**
   * Runs a kernel.
   *
   * @param arguments copied: the caller may change them at once
   */
  void launch(GpuKernel kernel, LaunchShape shape, KernelArguments arguments);

  /** Marks this place in the queue. */
  void record(GpuEvent event);

  /** Lets what is queued after this wait until the event's last mark is reached. */
  void waitFor(GpuEvent event);

  /**
   * Records what {@code work} queues on this stream, and on those that wait for it, without running
   * it. Nothing may be allocated or waited for meanwhile.
   */
  GpuGraph capture(Runnable work);

  /** Runs what was captured, as one piece of work. */
  void launch(GpuGraph graph);

  /** Waits until all that is queued is done. */
  void synchronize();

  /** The {@code cudaStream_t}, for libraries that queue work themselves. */
  long address();

  @Override
  void close();
}
