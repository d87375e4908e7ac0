package dev.kiln.infer;

import dev.kiln.memory.Strip;
import java.nio.FloatBuffer;

/**
 * The memory of one batch in an encoder. A slot is filled with {@link #put}, started once with
 * {@link #start}, drained with {@link #await} and emptied with {@link #clear}; any other order is
 * an {@link IllegalStateException}.
 */
public interface BatchSlot {
  /**
   * Returns the number of chips added since the last clear.
   *
   * @return from 0 to {@link #capacity}
   */
  int size();

  /**
   * Returns the description of the slot's encoder.
   *
   * @return its shapes and type
   */
  EncoderDescription description();

  /**
   * Returns the maximum number of chips.
   *
   * @return the batch size of the encoder
   */
  default int capacity() {
    return description().batchSize();
  }

  /**
   * Returns the edge of a chip.
   *
   * @return pixels
   */
  default int chipSize() {
    return description().chipSize();
  }

  /**
   * Adds the chip whose upper-left pixel is grid column {@code column} and grid row {@code row} of
   * the scene.
   *
   * @param strip contains all rows of the chip; borrowed until {@link #await} returns
   * @param column grid column of the chip's left edge, in pixels
   * @param row grid row of the chip's upper edge, in pixels
   * @param time {@code [sin week, cos week, sin hour, cos hour]}
   * @param location {@code [sin lat, cos lat, sin lon, cos lon]}
   */
  void put(Strip strip, int column, int row, float[] time, float[] location);

  /**
   * Starts the batch and returns at once.
   *
   * @param gsd ground sample distance of all chips of the batch, in metres per pixel
   */
  void start(float gsd);

  /**
   * Waits for the batch.
   *
   * @return vectors {@code [size, dim]} ({@link VectorLayout}) in the order of the puts, borrowed
   *     until {@link #clear}
   * @throws EncoderException if the batch failed; the slot can be cleared and used again
   * @throws InterruptedException if the waiting thread was interrupted
   */
  FloatBuffer await() throws EncoderException, InterruptedException;

  /** Empties the slot for the next batch. */
  void clear();
}
