package dev.kiln.infer.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;

import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.matmul.PackedMatmul;
import dev.kiln.memory.HostBuffer;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;

/**
 * Loads named float32 tensors one at a time, in the layout and type that an operation requires. A
 * tensor is read into the staging memory and written from there to memory that the context owns. A
 * tensor that was loaded before in that layout is used again: the passes of an encoder share it.
 */
abstract class OneDnnTensors implements AutoCloseable {
  private final OneDnn dnn;
  private final HostBuffer staging;
  private final Map<String, Pointer> kept = new HashMap<>();
  private final Map<String, Loaded> loaded = new HashMap<>();
  private long bytes;

  /**
   * @param dnn owns the loaded tensors
   * @param largest size of the largest tensor in bytes
   */
  OneDnnTensors(OneDnn dnn, long largest) {
    this.dnn = dnn;
    this.staging = HostBuffer.allocate("oneDNN: one tensor of the model", largest);
  }

  /** Returns the dimensions of a tensor. */
  abstract long[] shape(String name);

  /**
   * Reads the values of a tensor.
   *
   * @param staging receives them at its start
   * @return the part of {@code staging} with the values
   */
  abstract ByteBuffer read(String name, HostBuffer staging);

  private ByteBuffer read(String name) {
    return read(name, staging);
  }

  /** Loads a tensor as it is stored: float32, row-major. */
  dnnl_memory tensor(String name) {
    return tensor(name, dnn.dense(DataType.FP32, shape(name)));
  }

  private record Loaded(dnnl_memory memory, dnnl_memory_desc layout) {}

  /** Loads a tensor in a layout and type. */
  dnnl_memory tensor(String name, dnnl_memory_desc layout) {
    Loaded known = loaded.get(name);
    if (known != null && dnnl_memory_desc_equal(known.layout(), layout) == 1) {
      return known.memory();
    }
    dnnl_memory memory = load(name, layout);
    loaded.put(name, new Loaded(memory, layout));
    return memory;
  }

  private dnnl_memory load(String name, dnnl_memory_desc layout) {
    read(name);
    dnnl_memory memory = dnn.memory(name, layout);
    bytes += OneDnn.bytes(layout);
    try (OneDnn once = dnn.newContext()) {
      dnnl_memory_desc plain = once.dense(DataType.FP32, shape(name));
      OneDnn.Operation copy =
          once.operation(
              once.reorder(name, plain, layout),
              OneDnn.Argument.src(once.view(plain, staging.pointer(), 0)),
              OneDnn.Argument.dst(memory));
      once.allocateScratchpad();
      copy.run();
    }
    return memory;
  }

  /** Loads a tensor as it is stored: float32, row-major; owned by the context. */
  Pointer plain(String name) {
    return once(
        "plain",
        name,
        () -> {
          ByteBuffer values = read(name);
          return keep(
              name,
              values.remaining(),
              to -> Pointer.memcpy(to, staging.pointer(), values.remaining()));
        });
  }

  /** Loads a float32 matrix for {@link PackedMatmul}; owned by the context. */
  Pointer packed(String name, int inner, int columns, FloatInstructions instructions) {
    return once(
        instructions.name(),
        name,
        () -> {
          readMatrix(name, inner, columns);
          return keep(
              name,
              PackedMatmul.packedBytes(inner, columns, instructions),
              to ->
                  PackedMatmul.packWeights(
                      staging.address(), inner, columns, to.address(), instructions));
        });
  }

  /** Loads a matrix for {@link Bf16Kernels}, rounded to bfloat16; owned by the context. */
  Pointer packedBf16(String name, int inner, int columns) {
    return once(
        "bfloat16",
        name,
        () -> {
          readMatrix(name, inner, columns);
          return keep(
              name,
              Bf16Kernels.packedBytes(inner, columns),
              to -> Bf16Kernels.pack(staging.address(), inner, columns, to.address()));
        });
  }

  private Pointer once(String layout, String name, Supplier<Pointer> load) {
    return kept.computeIfAbsent(layout + " " + name, key -> load.get());
  }

  private void readMatrix(String name, int inner, int columns) {
    if (read(name).remaining() != (long) inner * columns * Float.BYTES) {
      throw new IllegalArgumentException(
          "tensor %s is no [%d, %d]".formatted(name, inner, columns));
    }
  }

  private Pointer keep(String name, long size, Consumer<Pointer> write) {
    Pointer memory = dnn.allocate(name, size);
    write.accept(memory);
    bytes += size;
    return memory;
  }

  /** Reads the values of a tensor. */
  float[] values(String name) {
    ByteBuffer read = read(name);
    float[] values = new float[read.remaining() / Float.BYTES];
    read.asFloatBuffer().get(values);
    return values;
  }

  /** Returns the bytes of all tensors loaded so far. */
  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    staging.close();
  }
}
