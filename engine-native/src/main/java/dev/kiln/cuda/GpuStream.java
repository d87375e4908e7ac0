package dev.kiln.cuda;

import dev.kiln.memory.HostBuffer;

/**
 * A queue of work on a device. Each call appends one operation and returns at once; operations run
 * in order, concurrently with those of other streams. Memory must stay allocated until its
 * operations are done.
 *
 * <p>Not safe for concurrent use. The owner closes it, which waits for queued work; a second close
 * does nothing, and any other use after close throws {@link IllegalStateException}.
 */
public interface GpuStream extends AutoCloseable {
  /** Returns the name, for messages and traces. */
  String name();

  /**
   * Copies to the device; asynchronous only from pinned memory.
   *
   * @throws IndexOutOfBoundsException if a range exceeds its buffer
   */
  void copyIn(HostBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes);

  /**
   * Copies from the device; asynchronous only to pinned memory.
   *
   * @throws IndexOutOfBoundsException if a range exceeds its buffer
   */
  void copyOut(DeviceBuffer from, long fromByte, HostBuffer to, long toByte, long bytes);

  /**
   * Copies within the device; the ranges must not overlap.
   *
   * @throws IndexOutOfBoundsException if a range exceeds its buffer
   */
  void copy(DeviceBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes);

  /** Sets bytes to 0. */
  void zero(DeviceBuffer memory, long offset, long bytes);

  /**
   * Runs a kernel.
   *
   * @param arguments copied, so the caller may reuse the object at once
   */
  void launch(GpuKernel kernel, LaunchShape shape, KernelArguments arguments);

  /** Records an event at the end of the queue. */
  void record(GpuEvent event);

  /** Makes later work wait until the point that the event recorded last is reached. */
  void waitFor(GpuEvent event);

  /**
   * Captures what {@code work} queues on this stream, and on streams that wait for it, without
   * running it. Meanwhile, do not allocate memory or wait.
   */
  GpuGraph capture(Runnable work);

  /** Queues captured work as one operation. */
  void launch(GpuGraph graph);

  /** Waits for all queued work. */
  void synchronize();

  /** Returns the {@code cudaStream_t}, for libraries that queue work themselves. */
  long address();

  @Override
  void close();
}
