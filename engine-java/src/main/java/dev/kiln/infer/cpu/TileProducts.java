package dev.kiln.infer.cpu;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.matmul.PackedMatmul;
import dev.kiln.type.DataType;

/** Products in bfloat16 in Kiln's own native code, with weights packed once. */
final class TileProducts implements MatrixProducts {
  private final OneDnnTensors source;
  private final int threads;
  private final Bf16Instructions instructions;

  /**
   * @param threads threads that share a product
   */
  TileProducts(OneDnnTensors source, int threads, Bf16Instructions instructions) {
    this.source = source;
    this.threads = threads;
    this.instructions = instructions;
  }

  @Override
  public Product product(String name, Shape shape, boolean bias, Epilogue epilogue) {
    PackedMatmul.Shape sizes = OwnProduct.sizes(shape);
    boolean floatOut = shape.output() == DataType.FP32;
    return (weight, biasName, from, to) -> {
      long weights = source.packedBf16(weight, sizes.inner(), sizes.columns()).address();
      long added = bias ? source.plain(biasName).address() : 0;
      return new OwnProduct(
          sizes,
          from,
          in ->
              Bf16Kernels.multiply(
                  sizes,
                  in,
                  weights,
                  added,
                  to.address(),
                  floatOut,
                  epilogue.packed(),
                  threads,
                  instructions),
          instructions.name(),
          DataType.BF16);
    };
  }
}
