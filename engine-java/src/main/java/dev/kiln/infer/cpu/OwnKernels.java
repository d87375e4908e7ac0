package dev.kiln.infer.cpu;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.type.DataType;
import java.util.function.Function;

/**
 * Kiln's native kernels of one type and instruction set.
 *
 * @param type of inputs and weights
 * @param instructions name of the instruction set, for the log
 * @param attention fused attention
 * @param products creates matrix products with the weights of a source
 */
record OwnKernels(
    DataType type,
    String instructions,
    FusedKernel attention,
    Function<OneDnnTensors, MatrixProducts> products) {

  /** Returns the kernels in bfloat16, which share the work between threads. */
  static OwnKernels bf16(Bf16Instructions instructions, int threads) {
    return new OwnKernels(
        DataType.BF16,
        instructions.name(),
        FusedKernel.bf16(instructions),
        source -> new TileProducts(source, threads, instructions));
  }
}
