package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GpuStream;
import java.util.Optional;

/**
 * The matrix products of the forward pass: a bfloat16 matrix times weights, accumulated in float32.
 * Each method queues its work and returns at once.
 */
interface Gemm extends AutoCloseable {
  /**
   * Weights of a linear layer.
   *
   * @param weight bfloat16 {@code [in, out]}
   * @param bias float32 {@code [out]}
   */
  record Linear(DeviceBuffer weight, Optional<DeviceBuffer> bias, int in, int out) {}

  /**
   * Rows of a matrix in device memory.
   *
   * @param address of the first element
   * @param stride elements from one row to the next
   */
  record Rows(long address, long stride) {}

  /** Returns the name of the library or kernels, for the log. */
  String name();

  /** Returns the bytes of device memory that the products use besides their operands. */
  default long workspaceBytes() {
    return 0;
  }

  /** {@code to = from · linear}, both bfloat16, without bias. */
  void store(GpuStream stream, Linear linear, int rows, Rows from, Rows to);

  /**
   * {@code to = gelu(from · linear + bias)}, both bfloat16; the rows of {@code to} are contiguous.
   */
  void gelu(GpuStream stream, Linear linear, int rows, Rows from, Rows to);

  /** {@code to += from · linear + bias}, to in float32. */
  void add(GpuStream stream, Linear linear, int rows, Rows from, Rows to);

  /** Frees the resources of the products; a second call does nothing. */
  @Override
  void close();
}
