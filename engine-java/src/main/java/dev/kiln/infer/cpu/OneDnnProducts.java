package dev.kiln.infer.cpu;

import static dev.kiln.infer.cpu.OneDnn.Argument.dst;
import static dev.kiln.infer.cpu.OneDnn.Argument.src;
import static dev.kiln.infer.cpu.OneDnn.Argument.weights;

import dev.kiln.infer.cpu.OneDnn.Argument;
import dev.kiln.infer.cpu.OneDnn.Operation;
import dev.kiln.infer.cpu.OneDnn.Primitive;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;

/** Products of oneDNN, with weights in the layout that it chooses. */
final class OneDnnProducts implements MatrixProducts {
  private final OneDnn dnn;
  private final OneDnnTensors source;
  private final DataType type;

  /**
   * @param type type of inputs and weights
   */
  OneDnnProducts(OneDnn dnn, OneDnnTensors source, DataType type) {
    this.dnn = dnn;
    this.source = source;
    this.type = type;
  }

  @Override
  public Product product(String name, Shape shape, boolean bias, Epilogue epilogue) {
    dnnl_memory_desc input = dnn.dense(type, shape.rows(), shape.inner());
    dnnl_memory_desc output =
        dnn.strided(
            shape.output(),
            new long[] {shape.rows(), shape.columns()},
            new long[] {shape.outStride(), 1});
    Primitive primitive =
        dnn.matmul(
            name,
            input,
            dnn.anyLayout(type, shape.inner(), shape.columns()),
            bias ? dnn.dense(DataType.FP32, 1, shape.columns()) : null,
            output,
            epilogue);
    return (weight, biasName, from, to) -> {
      dnnl_memory in = dnn.view(input, from, 0);
      List<Argument> arguments = new ArrayList<>();
      arguments.add(src(in));
      arguments.add(weights(source.tensor(weight, primitive.weights())));
      if (bias) {
        arguments.add(Argument.bias(source.tensor(biasName)));
      }
      arguments.add(dst(dnn.view(output, to, 0)));
      return new Bound(in, dnn.operation(primitive, arguments.toArray(Argument[]::new)));
    };
  }

  private final class Bound implements BoundProduct {
    private final dnnl_memory input;
    private final Operation operation;

    private Bound(dnnl_memory input, Operation operation) {
      this.input = input;
      this.operation = operation;
    }

    @Override
    public void read(Pointer from) {
      dnn.move(input, from);
    }

    @Override
    public void run() {
      operation.run();
    }
  }
}
