package dev.kiln.infer.cpu;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.matmul.PackedMatmul;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.type.DataType;
import java.util.function.LongConsumer;
import org.bytedeco.javacpp.Pointer;

/** Matrix products in Kiln's own native code, with weights packed once. */
final class OwnProducts implements MatrixProducts {
  private final Kernel kernel;
  private final OneDnnTensors source;
  private final int threads;

  /**
   * Native products of one type and instruction set.
   *
   * @param type of inputs and weights
   * @param instructions their name, for the trace
   */
  record Kernel(DataType type, String instructions, Packing packing, Multiplication multiply) {
    /** Loads weights. */
    @FunctionalInterface
    interface Packing {
      /** Returns a tensor {@code [inner, columns]} in the kernel's layout. */
      Pointer pack(OneDnnTensors source, String tensor, int inner, int columns);
    }

    /** Multiplies. */
    @FunctionalInterface
    interface Multiplication {
      /**
       * Multiplies.
       *
       * @param in address of the input
       * @param weights address of packed weights
       * @param bias address of float32 {@code [columns]}, or 0
       * @param out address of the output
       */
      void run(
          PackedMatmul.Shape sizes,
          long in,
          long weights,
          long bias,
          long out,
          DataType output,
          PackedMatmul.Epilogue epilogue,
          int threads);
    }

    /** Returns products in float32, whose output is float32 too. */
    static Kernel fp32(FloatInstructions set) {
      return new Kernel(
          DataType.FP32,
          set.name(),
          (source, tensor, inner, columns) -> source.packed(tensor, inner, columns, set),
          (sizes, in, weights, bias, out, output, epilogue, threads) ->
              PackedMatmul.multiply(sizes, in, weights, bias, out, epilogue, threads, set));
    }

    /** Returns products in bfloat16. */
    static Kernel bf16(Bf16Instructions set) {
      return new Kernel(
          DataType.BF16,
          set.name(),
          OneDnnTensors::packedBf16,
          (sizes, in, weights, bias, out, output, epilogue, threads) ->
              Bf16Kernels.multiply(
                  sizes, in, weights, bias, out, output == DataType.FP32, epilogue, threads, set));
    }
  }

  /**
   * @param source of the weights
   * @param threads threads that share a product
   */
  OwnProducts(Kernel kernel, OneDnnTensors source, int threads) {
    this.kernel = kernel;
    this.source = source;
    this.threads = threads;
  }

  @Override
  public Product product(String name, Shape shape, boolean bias, Epilogue epilogue) {
    DataType output = shape.output();
    if (kernel.type() == DataType.FP32 && output != DataType.FP32) {
      throw new IllegalArgumentException(name + ": expected float32, found " + output);
    }
    PackedMatmul.Shape sizes =
        new PackedMatmul.Shape(
            Math.toIntExact(shape.rows()),
            Math.toIntExact(shape.inner()),
            Math.toIntExact(shape.columns()),
            shape.inner(),
            shape.outStride());
    String shapes =
        "%dx%d:%dx%d".formatted(sizes.rows(), sizes.inner(), sizes.inner(), sizes.columns());
    return (weight, biasName, from, to) -> {
      long weights =
          kernel.packing().pack(source, weight, sizes.inner(), sizes.columns()).address();
      long added = bias ? source.plain(biasName).address() : 0;
      long out = to.address();
      return new Bound(
          shapes,
          from == null ? 0 : from.address(),
          in ->
              kernel
                  .multiply()
                  .run(sizes, in, weights, added, out, output, epilogue.packed(), threads));
    };
  }

  private final class Bound implements BoundProduct {
    private final String shapes;
    private final LongConsumer multiply;
    private long from;

    Bound(String shapes, long from, LongConsumer multiply) {
      this.shapes = shapes;
      this.from = from;
      this.multiply = multiply;
    }

    @Override
    public void read(Pointer input) {
      from = input.address();
    }

    @Override
    public void run() {
      long start = StepTrace.start();
      multiply.accept(from);
      StepTrace.end("matmul", kernel.instructions(), kernel.type(), shapes, start);
    }
  }
}
