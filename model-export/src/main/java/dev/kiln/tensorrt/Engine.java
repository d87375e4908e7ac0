package dev.kiln.tensorrt;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GpuStream;

/**
 * A plan that was loaded onto a device: the encoder's weights and kernels. TensorRT gives it, and
 * tests another.
 */
public interface Engine extends AutoCloseable {
  /** What it is. */
  PlanDescription description();

  /** Bytes of device memory that one batch needs while it computes; 0 if none. */
  long activationBytes();

  /**
   * Makes it ready to run batches of one size over the same memory. Whatever else runs over these
   * activations must come before or after on the same stream.
   *
   * @param batch chips, at most those of the plan
   * @param tensors inputs and output
   * @param activations at least {@link #activationBytes}; null if that is 0
   */
  Execution prepare(int batch, Tensors tensors, DeviceBuffer activations);

  /** Frees the weights; every execution has been closed before. A second call does nothing. */
  @Override
  void close();

  /**
   * Device memory of a batch, as {@link dev.kiln.export.TypedModel} describes it.
   *
   * @param patches {@code [batch, L, C·64]}
   * @param time {@code [batch, 4]}
   * @param latlon {@code [batch, 4]}
   * @param gsd {@code [1]}
   * @param embedding {@code [batch, dim]}
   */
  record Tensors(
      DeviceBuffer patches,
      DeviceBuffer time,
      DeviceBuffer latlon,
      DeviceBuffer gsd,
      DeviceBuffer embedding) {}

  /** One batch size over one batch's memory. */
  interface Execution extends AutoCloseable {
    /**
     * Queues the forward pass and returns at once.
     *
     * @throws TensorRtException if it cannot be queued
     */
    void enqueue(GpuStream stream);

    /** A second call does nothing. */
    @Override
    void close();
  }
}
