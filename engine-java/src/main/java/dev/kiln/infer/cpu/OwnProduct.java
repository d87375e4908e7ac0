package dev.kiln.infer.cpu;

import dev.kiln.infer.cpu.MatrixProducts.BoundProduct;
import dev.kiln.infer.cpu.MatrixProducts.Shape;
import dev.kiln.matmul.PackedMatmul;
import dev.kiln.type.DataType;
import org.bytedeco.javacpp.Pointer;

/** A product of Kiln's own native code, with its weights and memory. */
final class OwnProduct implements BoundProduct {
  private final Kernel kernel;
  private final String instructions;
  private final DataType type;
  private final String shapes;
  private long from;

  /** Multiplies the rows at an address by the weights of the product. */
  @FunctionalInterface
  interface Kernel {
    void multiply(long from);
  }

  /**
   * @param from the input; null until {@link #read}
   * @param kernel multiplies
   * @param instructions name of the kernel's instructions, for the trace
   * @param type of inputs and weights
   */
  OwnProduct(
      PackedMatmul.Shape shape, Pointer from, Kernel kernel, String instructions, DataType type) {
    this.shapes =
        "%dx%d:%dx%d".formatted(shape.rows(), shape.inner(), shape.inner(), shape.columns());
    this.from = from == null ? 0 : from.address();
    this.kernel = kernel;
    this.instructions = instructions;
    this.type = type;
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

  @Override
  public void read(Pointer input) {
    from = input.address();
  }

  @Override
  public void run() {
    long start = StepTrace.start();
    kernel.multiply(from);
    StepTrace.end("matmul", instructions, type, shapes, start);
  }
}
