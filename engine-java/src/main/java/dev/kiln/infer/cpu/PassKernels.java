package dev.kiln.infer.cpu;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.type.DataType;
import java.util.Optional;

/**
 * Implementations of the operations of a forward pass.
 *
 * @param products matrix products
 * @param attention fused attention; empty for oneDNN's operations
 * @param norm instructions of Kiln's LayerNorm with bfloat16 output; empty for oneDNN's
 */
record PassKernels(
    MatrixProducts products, Optional<FusedKernel> attention, Optional<Bf16Instructions> norm) {
  /** Returns kernels that are all oneDNN's. */
  static PassKernels oneDnn(OneDnn dnn, OneDnnTensors weights, DataType type) {
    return new PassKernels(
        new OneDnnProducts(dnn, weights, type), Optional.empty(), Optional.empty());
  }
}
