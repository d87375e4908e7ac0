package dev.kiln.infer.cpu;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.matmul.PackedMatmul;
import dev.kiln.type.DataType;
import org.bytedeco.javacpp.Pointer;

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
    PackedMatmul.Shape sizes = sizes(shape);
    return (weight, biasName, from, to) ->
        new Bound(
            sizes,
            epilogue,
            shape.output() == DataType.FP32,
            from == null ? 0 : from.address(),
            source.packedBf16(weight, sizes.inner(), sizes.columns()).address(),
            bias ? source.plain(biasName).address() : 0,
            to.address());
  }

  /** Returns the sizes of a product with consecutive input rows. */
  static PackedMatmul.Shape sizes(Shape shape) {
    return new PackedMatmul.Shape(
        Math.toIntExact(shape.rows()),
        Math.toIntExact(shape.inner()),
        Math.toIntExact(shape.columns()),
        shape.inner(),
        shape.outStride());
  }

  private final class Bound implements BoundProduct {
    private final PackedMatmul.Shape shape;
    private final Epilogue epilogue;
    private final boolean floatOut;
    private final long weights;
    private final long bias;
    private final long to;
    private final String shapes;
    private long from;

    private Bound(
        PackedMatmul.Shape shape,
        Epilogue epilogue,
        boolean floatOut,
        long from,
        long weights,
        long bias,
        long to) {
      this.shape = shape;
      this.epilogue = epilogue;
      this.floatOut = floatOut;
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
      Bf16Kernels.multiply(
          shape, from, weights, bias, to, floatOut, epilogue.packed(), threads, instructions);
      StepTrace.end("matmul", instructions.name(), DataType.BF16, shapes, start);
    }
  }
}
