package dev.kiln.infer;

import dev.kiln.error.ConfigurationException;
import dev.kiln.type.DataType;

/**
 * Description of an open encoder.
 *
 * @param name implementation: {@code onednn}, {@code onnxruntime}, {@code tensorrt} or {@code cuda}
 * @param device name of the device
 * @param precision type of the inputs of matrix products
 * @param dim number of values of a chip: the length of an embedding, unless more vectors are
 *     computed
 * @param chipSize chip edge in pixels
 * @param batchSize most chips in one slot
 */
public record EncoderDescription(
    String name, String device, DataType precision, int dim, int chipSize, int batchSize) {
  /**
   * Checks that the vectors of a batch fit in one buffer.
   *
   * @throws ConfigurationException if they need more than 2 GiB
   */
  public EncoderDescription {
    int most = Integer.MAX_VALUE / Float.BYTES / Math.max(1, dim);
    if (batchSize > most) {
      throw new ConfigurationException(
          "--batch: expected at most %d with %,d values per chip (--vectors, --patch-grid), found %d"
              .formatted(most, dim, batchSize));
    }
  }

  /** Returns one line for the log. */
  @Override
  public String toString() {
    return "%s %s on %s, batch %d".formatted(name, precision.label(), device, batchSize);
  }
}
