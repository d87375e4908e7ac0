package dev.kiln.tensorrt;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GpuStream;

/**
 * A plan loaded onto a device: the encoder's weights and kernels. Implemented by TensorRT and by
 * fakes in tests.
 */
public interface Engine extends AutoCloseable {
  /** Returns the description of the plan. */
  PlanDescription description();

  /** Returns the bytes of device memory for the activations of a batch; 0 if none. */
  long activationBytes();

  /**
   * Prepares batches of one size over the same memory. Everything else that uses these activations
   * must run before or after on the same stream.
   *
   * @param batchSize number of chips, at most the plan's batch size
   * @param tensors inputs and output
   * @param activations at least {@link #activationBytes}; null if that is 0
   */
  Execution prepare(int batchSize, Tensors tensors, DeviceBuffer activations);

  /** Frees the weights; close every execution first. A second call does nothing. */
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
     * @param stream stream that computes
     * @throws TensorRtException if it cannot be queued
     */
    void enqueue(GpuStream stream);

    /** Frees the execution; a second call does nothing. */
    @Override
    void close();
  }
}
