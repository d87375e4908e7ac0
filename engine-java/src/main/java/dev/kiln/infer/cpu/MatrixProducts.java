package dev.kiln.infer.cpu;

import dev.kiln.infer.cpu.OneDnn.Step;
import dev.kiln.type.DataType;
import org.bytedeco.javacpp.Pointer;

/**
 * Matrix products of the encoder with its weights: {@code to = epilogue(from · W + bias)}. Rows are
 * consecutive in memory, those of the output at a stride.
 */
interface MatrixProducts {
  /**
   * Sizes of a product.
   *
   * @param rows rows of input and output
   * @param inner values of an input row
   * @param columns values of an output row
   * @param outStride elements from one output row to the next
   * @param output type of the output
   */
  record Shape(long rows, long inner, long columns, long outStride, DataType output) {
    /** Rows of the output are consecutive. */
    Shape(long rows, long inner, long columns, DataType output) {
      this(rows, inner, columns, columns, output);
    }
  }

  /** A product without its weights: blocks share it. */
  interface Product {
    /**
     * Loads weights and binds them to memory.
     *
     * @param weight name of the tensor {@code [inner, columns]}
     * @param bias name of the tensor {@code [columns]}; null if the product has none
     * @param from input {@code [rows, inner]}; null if {@link BoundProduct#read} sets it
     * @param to output {@code [rows, columns]}
     */
    BoundProduct bind(String weight, String bias, Pointer from, Pointer to);
  }

  /** A product with its weights and memory. */
  interface BoundProduct extends Step {
    /** Changes the input. */
    void read(Pointer from);
  }

  /**
   * Creates a product.
   *
   * @param name for error messages
   * @param bias whether it adds one
   */
  Product product(String name, Shape shape, boolean bias, Epilogue epilogue);
}
