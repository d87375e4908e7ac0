package dev.kiln.infer.cpu;

import dev.kiln.matmul.PackedMatmul;
import dev.kiln.matmul.PackedMatmul.Instructions;
import dev.kiln.type.DataType;
import org.bytedeco.javacpp.Pointer;

/**
 * Float32 products in Kiln's own native code, with packed weights. On CPUs with AVX2 and no AVX-512
 * they are faster than oneDNN's.
 */
final class PackedProducts implements MatrixProducts {
  private final OneDnnTensors source;
  private final int threads;
  private final Instructions instructions;

  /**
   * @param threads threads that share a product
   */
  PackedProducts(OneDnnTensors source, int threads, Instructions instructions) {
    this.source = source;
    this.threads = threads;
    this.instructions = instructions;
  }

  @Override
  public Product product(String name, Shape shape, boolean bias, Epilogue epilogue) {
    if (shape.output() != DataType.FP32) {
      throw new IllegalArgumentException(name + ": expected float32, found " + shape.output());
    }
    PackedMatmul.Shape sizes =
        new PackedMatmul.Shape(
            Math.toIntExact(shape.rows()),
            Math.toIntExact(shape.inner()),
            Math.toIntExact(shape.columns()),
            shape.inner(),
            shape.outStride());
    return (weight, biasName, from, to) ->
        new Bound(
            sizes,
            epilogue,
            from == null ? 0 : from.address(),
            source.packed(weight, sizes.inner(), sizes.columns()).address(),
            bias ? source.plain(biasName).address() : 0,
            to.address());
  }

  private final class Bound implements BoundProduct {
    private final PackedMatmul.Shape shape;
    private final Epilogue epilogue;
    private final long weights;
    private final long bias;
    private final long to;
    private final String shapes;
    private long from;

    private Bound(
        PackedMatmul.Shape shape, Epilogue epilogue, long from, long weights, long bias, long to) {
      this.shape = shape;
      this.epilogue = epilogue;
      this.from = from;
      this.weights = weights;
      this.bias = bias;
      this.to = to;
      this.shapes =
          "%dx%d:%dx%d".formatted(shape.rows(), shape.inner(), shape.inner(), shape.columns());
    }

    @Override
    public void read(Pointer input) {
      from = input.address();
    }

    @Override
    public void run() {
      long start = StepTrace.start();
      PackedMatmul.multiply(
          shape, from, weights, bias, to, epilogue.packed(), threads, instructions);
      StepTrace.end("matmul", instructions.name(), DataType.FP32, shapes, start);
    }
  }
}
