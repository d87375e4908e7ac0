package dev.kiln.infer;

import dev.kiln.memory.Strip;
import java.nio.FloatBuffer;

/**
 * Memory for one batch on its way through the encoder. A slot is filled with {@link #put}, started
 * once with {@link #start}, drained with {@link #await} and emptied with {@link #clear}; any other
 * order is an {@link IllegalStateException}.
 */
public interface BatchSlot {
  /** Chips put since the last clear. */
  int size();

  /** Most chips that fit. */
  int capacity();

  /** Chip edge in pixels. */
  int chip();

  /**
   * Adds the chip whose upper-left pixel is grid column {@code column} and grid row {@code row} of
   * the scene. The strip is borrowed until {@link #await} returns.
   *
   * @param strip holds all rows of the chip
   * @param time {@code [sin week, cos week, sin hour, cos hour]}
   * @param location {@code [sin lat, cos lat, sin lon, cos lon]}
   */
  void put(Strip strip, int column, int row, float[] time, float[] location);

  /**
   * Starts the batch and returns at once.
   *
   * @param gsd ground sample distance of all its chips, in metres per pixel
   */
  void start(float gsd);

  /**
   * Waits for the batch.
   *
   * @return embeddings {@code [size, dim]} in the order of the puts, borrowed until {@link #clear}
   * @throws EncoderException if the batch failed; the slot can be cleared and used again
   */
  FloatBuffer await() throws EncoderException, InterruptedException;

  /** Empties the slot for the next batch. */
  void clear();
}
