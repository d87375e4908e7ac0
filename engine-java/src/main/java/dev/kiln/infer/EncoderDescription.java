package dev.kiln.infer;

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
  /** Returns one line for the log. */
  @Override
  public String toString() {
    return "%s %s on %s, batch %d".formatted(name, precision.label(), device, batchSize);
  }
}
