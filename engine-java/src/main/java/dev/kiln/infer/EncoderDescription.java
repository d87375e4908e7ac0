package dev.kiln.infer;

/**
 * What an encoder is.
 *
 * @param name implementation: {@code onnxruntime}, {@code tensorrt}, …
 * @param device where it runs, in words
 * @param precision of the matrix products: {@code fp32}, {@code bf16}, …
 * @param dim length of an embedding
 * @param chip chip edge in pixels
 * @param batch most chips in one slot
 */
public record EncoderDescription(
    String name, String device, String precision, int dim, int chip, int batch) {
  @Override
  public String toString() {
    return name + " " + precision + " on " + device + ", batch " + batch;
  }
}
