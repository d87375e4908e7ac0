package dev.kiln.infer;

import dev.kiln.infer.cpu.PhysicalCores;

/**
 * Which encoder runs, and how.
 *
 * @param kind which implementation
 * @param requireGpu whether a CPU encoder is an error
 * @param precision of the matrix products; null for what suits the encoder: float32 on a CPU,
 *     bfloat16 on a GPU
 * @param batch most chips in a batch; 0 lets the encoder choose
 * @param threads of a CPU encoder; 0 takes every {@linkplain PhysicalCores core}
 */
public record EncoderOptions(
    Kind kind, boolean requireGpu, Precision precision, int batch, int threads) {
  /** Implementations by the kind of machine they run on. */
  public enum Kind {
    AUTO,
    TENSORRT,
    CUDA,
    CPU,
    ONNXRUNTIME
  }
}
