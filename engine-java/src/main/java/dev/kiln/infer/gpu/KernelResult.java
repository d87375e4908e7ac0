package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GpuStream;
import dev.kiln.memory.HostBuffer;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;

/** Results of kernels that are compared with each other, in bfloat16. */
final class KernelResult {
  private KernelResult() {}

  /**
   * Runs a kernel on cleared memory, so that it cannot leave another's result, and waits for it.
   *
   * @param work queues the kernel
   * @param out memory to which it writes
   * @param result receives the first bytes of {@code out}
   */
  static void read(
      GpuStream stream, Runnable work, DeviceBuffer out, HostBuffer result, long bytes) {
    stream.zero(out, 0, bytes);
    work.run();
    stream.copyOut(out, 0, result, 0, bytes);
    stream.synchronize();
  }

  /** Returns the relative L2 distance of the first bytes of two results. */
  static double distance(HostBuffer found, HostBuffer expected, int bytes) {
    ByteBuffer left = found.slice(0, bytes);
    ByteBuffer right = expected.slice(0, bytes);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < bytes; i += Short.BYTES) {
      double value = DataType.BF16.toFloat(right.getShort(i));
      double delta = DataType.BF16.toFloat(left.getShort(i)) - value;
      difference += delta * delta;
      norm += value * value;
    }
    return Math.sqrt(difference / norm);
  }
}
