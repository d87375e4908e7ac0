package dev.kiln.infer;

/** Number format that matrix products read; they add up in float32. */
public enum Precision {
  /** The fastest that the machine computes natively and that keeps the encoder's tolerance. */
  AUTO,
  FP32,
  BF16,
  /** Finer than bfloat16 and of narrower range; on GPUs. */
  FP16,
  /** Not supported yet. */
  FP8
}
