package dev.kiln.infer.cpu;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.type.DataType;
import java.util.Optional;
import java.util.function.Function;

/**
 * Kiln's native kernels of one type and instruction set.
 *
 * @param type of inputs and weights
 * @param instructions name of the instruction set, for the log
 * @param tolerance largest relative L2 difference from oneDNN's results
 * @param margin a trial selects these kernels if they take less than this multiple of oneDNN's time
 * @param attention fused attention
 * @param products creates matrix products with the weights of a source
 */
record OwnKernels(
    DataType type,
    String instructions,
    double tolerance,
    double margin,
    FusedKernel attention,
    Function<OneDnnTensors, MatrixProducts> products) {
  /** Kiln's and oneDNN's kernels in bfloat16 round inputs, shares and outputs to 8 bits. */
  static final double BF16_TOLERANCE = 1e-2;

  /** Returns the kernels in float32 of the fastest instructions of this CPU, for some threads. */
  static OwnKernels fp32(int threads) {
    FloatInstructions instructions = FloatInstructions.fastest();
    return new OwnKernels(
        DataType.FP32,
        instructions.name(),
        1e-5,
        // Only what is clearly faster replaces them, so that a CPU makes the same choice at every
        // start.
        1.25,
        FusedKernel.fp32(instructions),
        source -> new OwnProducts(OwnProducts.Kernel.fp32(instructions), source, threads));
  }

  /** Returns the kernels in bfloat16, which share the work between threads. */
  static OwnKernels bf16(Bf16Instructions instructions, int threads) {
    return new OwnKernels(
        DataType.BF16,
        instructions.name(),
        BF16_TOLERANCE,
        // Equal ones are oneDNN's.
        0.95,
        FusedKernel.bf16(instructions),
        source -> new OwnProducts(OwnProducts.Kernel.bf16(instructions), source, threads));
  }

  /**
   * Returns these for all operations of a pass.
   *
   * @param norm instructions of LayerNorm; empty for oneDNN's
   */
  PassKernels ofPass(OneDnnTensors weights, Optional<Bf16Instructions> norm) {
    return new PassKernels(products.apply(weights), Optional.of(attention), norm);
  }
}
