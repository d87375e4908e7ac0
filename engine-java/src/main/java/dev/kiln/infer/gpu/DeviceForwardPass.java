package dev.kiln.infer.gpu;

import dev.kiln.cuda.GpuStream;
import dev.kiln.type.DataType;

/**
 * The forward pass on a device, from patch rows to embeddings: the part in which TensorRT and
 * Kiln's kernels differ. Contains the weights, once for all slots. Owned by a {@link
 * DeviceEncoder}.
 */
public interface DeviceForwardPass extends AutoCloseable {
  /** Returns the type of the patch rows that it reads. */
  DataType patchType();

  /** Returns the bytes of device memory for the weights, once for all slots. */
  long weightBytes();

  /** Returns the bytes of device memory for the activations of a batch, once for all slots. */
  long activationBytes();

  /**
   * Prepares the program for one slot. Everything that a batch needs is allocated here.
   *
   * @param slot borrowed until the binding is closed
   */
  Binding bind(SlotBuffers slot);

  /** Frees the weights; close all bindings first. A second call does nothing. */
  @Override
  void close();

  /** The program with the memory of one slot. */
  interface Binding extends AutoCloseable {
    /**
     * Queues the forward pass of the first {@code size} chips and returns at once. The stream must
     * have written the inputs before; it has written the embeddings after.
     */
    void enqueue(GpuStream compute, int size);

    /** Frees the binding; none of its batches may be running. A second call does nothing. */
    @Override
    void close();
  }
}
