package dev.kiln.infer.cpu;

import dev.kiln.matmul.PackedMatmul;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.type.DataType;

/** Float32 products in Kiln's own native code, with weights packed once. */
final class PackedProducts implements MatrixProducts {
  private final OneDnnTensors source;
  private final int threads;
  private final FloatInstructions instructions;

  /**
   * @param threads threads that share a product
   */
  PackedProducts(OneDnnTensors source, int threads, FloatInstructions instructions) {
    this.source = source;
    this.threads = threads;
    this.instructions = instructions;
  }

  @Override
  public Product product(String name, Shape shape, boolean bias, Epilogue epilogue) {
    if (shape.output() != DataType.FP32) {
      throw new IllegalArgumentException(name + ": expected float32, found " + shape.output());
    }
    PackedMatmul.Shape sizes = OwnProduct.sizes(shape);
    return (weight, biasName, from, to) -> {
      long weights = source.packed(weight, sizes.inner(), sizes.columns(), instructions).address();
      long added = bias ? source.plain(biasName).address() : 0;
      return new OwnProduct(
          sizes,
          from,
          in ->
              PackedMatmul.multiply(
                  sizes,
                  in,
                  weights,
                  added,
                  to.address(),
                  epilogue.packed(),
                  threads,
                  instructions),
          instructions.name(),
          DataType.FP32);
    };
  }
}
