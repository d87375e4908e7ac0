package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.memory.HostBuffer;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** The tensors of a model on a device, each stored once in the type that kernels read. */
final class KernelWeights implements AutoCloseable {
  private static final int CHUNK = 1 << 20;

  private final ModelDirectory model;
  private final Gpu gpu;
  private final GpuStream stream;
  private final HostBuffer staging;
  private final List<DeviceBuffer> tensors = new ArrayList<>();
  private long total;

  KernelWeights(ModelDirectory model, Gpu gpu) {
    this.model = model;
    this.gpu = gpu;
    this.stream = gpu.newStream("weights");
    long largest = 1;
    for (ModelDescription.Tensor tensor : model.description().tensors()) {
      largest = Math.max(largest, tensor.bytes());
    }
    this.staging = HostBuffer.allocate("one tensor of the model", largest);
  }

  /** Loads a tensor in float32. */
  DeviceBuffer wide(String name) {
    return load(name, Float.BYTES, 1, 0, 1);
  }

  /** Loads a tensor in bfloat16, rounded to nearest. */
  DeviceBuffer narrow(String name) {
    return load(name, Short.BYTES, 1, 0, 1);
  }

  /**
   * Loads a matrix in bfloat16, with its first columns scaled before they are rounded to nearest.
   *
   * @param columns of the matrix
   * @param scaled number of columns to multiply by the factor
   */
  DeviceBuffer narrow(String name, int columns, int scaled, float factor) {
    return load(name, Short.BYTES, columns, scaled, factor);
  }

  private DeviceBuffer load(String name, int bytesEach, int columns, int scaled, float factor) {
    FloatBuffer values = model.tensor(name);
    int count = values.remaining();
    long bytes = (long) count * bytesEach;
    DeviceBuffer memory = gpu.allocate("weights", bytes);
    tensors.add(memory);
    total += bytes;
    ByteBuffer staged = staging.slice(0, Math.toIntExact(bytes));
    float[] chunk = new float[Math.min(count, CHUNK)];
    while (values.hasRemaining()) {
      int length = Math.min(chunk.length, values.remaining());
      int first = values.position();
      values.get(chunk, 0, length);
      for (int i = 0; i < length; i++) {
        if ((first + i) % columns < scaled) {
          chunk[i] *= factor;
        }
        if (bytesEach == Short.BYTES) {
          staged.putShort((short) DataType.BF16.toBits(chunk[i]));
        } else {
          staged.putFloat(chunk[i]);
        }
      }
    }
    stream.copyIn(staging, 0, memory, 0, bytes);
    // The next tensor uses the same host memory.
    stream.synchronize();
    return memory;
  }

  /** Returns the bytes of all tensors on the device. */
  long bytes() {
    return total;
  }

  /** Frees the memory that is needed only for loading. */
  void loaded() {
    stream.close();
    staging.close();
  }

  /** Frees the tensors too; a second call does nothing. */
  @Override
  public void close() {
    Closer closing = new Closer();
    closing.close(stream);
    closing.close(staging);
    tensors.forEach(closing::close);
    closing.done();
  }
}
