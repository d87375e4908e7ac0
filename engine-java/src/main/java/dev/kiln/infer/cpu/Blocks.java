package dev.kiln.infer.cpu;

/** Blocks of the encoder that a chip passes through. */
enum Blocks {
  ALL,
  /**
   * The first and the last: they contain every operation, in every shape, for a fraction of the
   * weights and the time. Vectors mean nothing.
   */
  ENDS
}
