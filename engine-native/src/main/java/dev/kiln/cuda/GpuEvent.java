package dev.kiln.cuda;

/**
 * A point in a stream. An event that was never recorded counts as reached. The owner closes it; a
 * second close does nothing.
 */
public interface GpuEvent extends AutoCloseable {
  /**
   * Waits, sleeping, until the point that was recorded last is reached.
   *
   * @throws CudaException if earlier work failed
   */
  void synchronize();

  /**
   * Returns the milliseconds from another event to this one. Both must be from {@link
   * Gpu#newTimer}, and reached.
   */
  float millisecondsSince(GpuEvent start);

  /** Returns the {@code cudaEvent_t}. */
  long address();

  @Override
  void close();
}
