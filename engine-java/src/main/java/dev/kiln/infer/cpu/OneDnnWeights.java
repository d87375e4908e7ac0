package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import dev.kiln.matmul.PackedMatmul;
import dev.kiln.memory.HostBuffer;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;

/**
 * Loads a model's tensors one at a time, in the layout and type that an operation requires. They
 * are read, not mapped, because pages of a mapping would stay resident beside the copy.
 */
final class OneDnnWeights implements AutoCloseable {
  private final ModelDirectory model;
  private final OneDnn dnn;
  private final Map<String, ModelDescription.Tensor> tensors = new HashMap<>();
  private final FileChannel channel;
  private final HostBuffer staging;
  private long bytes;

  OneDnnWeights(ModelDirectory model, OneDnn dnn) {
    this.model = model;
    this.dnn = dnn;
    long largest = 0;
    for (ModelDescription.Tensor tensor : model.description().tensors()) {
      tensors.put(tensor.name(), tensor);
      largest = Math.max(largest, tensor.bytes());
    }
    try {
      this.channel = FileChannel.open(model.weights());
    } catch (IOException e) {
      throw unreadable(e);
    }
    this.staging = HostBuffer.allocate("oneDNN: one tensor of the model", largest);
  }

  /** Loads a tensor as the file stores it: float32, row-major. */
  dnnl_memory tensor(String name) {
    return tensor(name, dnn.dense(DataType.FP32, shape(name)));
  }

  /** Loads a tensor in a layout and type. */
  dnnl_memory tensor(String name, dnnl_memory_desc layout) {
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

  /** Loads a tensor as the file stores it: float32, row-major; owned by the context. */
  Pointer plain(String name) {
    ByteBuffer values = read(name);
    return keep(
        name, values.remaining(), to -> Pointer.memcpy(to, staging.pointer(), values.remaining()));
  }

  /** Loads a float32 matrix for {@link PackedMatmul}; owned by the context. */
  Pointer packed(String name, int inner, int columns) {
    if (read(name).remaining() != (long) inner * columns * Float.BYTES) {
      throw new IllegalArgumentException(
          "tensor %s is no [%d, %d]".formatted(name, inner, columns));
    }
    return keep(
        name,
        PackedMatmul.packedBytes(inner, columns),
        to -> PackedMatmul.packWeights(staging.address(), inner, columns, to.address()));
  }

  private Pointer keep(String name, long size, Consumer<Pointer> write) {
    Pointer memory = dnn.allocate(name, size);
    write.accept(memory);
    bytes += size;
    return memory;
  }

  private long[] shape(String name) {
    long[] shape = known(name).shape().stream().mapToLong(Long::longValue).toArray();
    // All operations but LayerNorm take a vector as a row.
    return shape.length == 1 && name.endsWith(".bias") && !name.contains("norm")
        ? new long[] {1, shape[0]}
        : shape;
  }

  private ModelDescription.Tensor known(String name) {
    ModelDescription.Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new ConfigurationException(
          "model %s: tensor %s: expected one, found none; export it again"
              .formatted(model.path(), name));
    }
    return tensor;
  }

  /** Reads the values of a tensor. */
  float[] values(String name) {
    ByteBuffer bytes = read(name);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private ByteBuffer read(String name) {
    ModelDescription.Tensor tensor = known(name);
    ByteBuffer bytes = staging.slice(0, Math.toIntExact(tensor.bytes()));
    try {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, tensor.offset() + bytes.position()) < 0) {
          throw new IOException("unexpected end of file in tensor " + name);
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return bytes.flip();
  }

  private ConfigurationException unreadable(IOException cause) {
    return new ConfigurationException(
        "model %s: cannot read %s: %s"
            .formatted(model.path(), model.weights().getFileName(), cause),
        cause);
  }

  /** Returns the bytes of all tensors loaded so far. */
  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    staging.close();
    try {
      channel.close();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }
}
