package dev.kiln.cuda;

/**
 * A mark in a stream. One that was never recorded counts as reached. The owner closes it; a second
 * close does nothing.
 */
public interface GpuEvent extends AutoCloseable {
  /**
   * Waits, asleep, until the last mark is reached.
   *
   * @throws CudaException if work before it failed
   */
  void synchronize();

  /**
   * Milliseconds from another mark to this one; both come from {@link Gpu#newTimer} and are
   * reached.
   */
  float millisecondsSince(GpuEvent start);

  /** The {@code cudaEvent_t}. */
  long address();

  @Override
  void close();
}
