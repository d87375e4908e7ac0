package dev.kiln.infer.gpu;

import dev.kiln.cuda.GpuStream;
import dev.kiln.type.DataType;

/**
 * The forward pass on a device, from patch rows to embeddings: what TensorRT and cuBLAS differ in.
 * Holds the weights, once for all slots. {@link DeviceEncoder} owns it and does the rest.
 */
public interface DeviceForwardPass extends AutoCloseable {
  /** Returns the type of the patch rows that it reads. */
  DataType patchType();

  /** Returns the bytes of device memory for the weights, once for all slots. */
  long weightBytes();

  /** Returns the bytes of device memory for the activations of a batch, once for all slots. */
  long activationBytes();

  /**
   * Prepares the program for one slot, with activations of its own. All that a batch needs is
   * allocated here.
   *
   * @param slot borrowed until the binding is closed
   */
  Binding bind(SlotBuffers slot);

  /** Frees the weights; every binding has been closed before. A second call does nothing. */
  @Override
  void close();

  /** The program over the memory of one slot. */
  interface Binding extends AutoCloseable {
    /**
     * Queues the forward pass of the first {@code size} chips and returns at once. Inputs are there
     * when the stream gets to it; the embeddings are there when it is through.
     */
    void enqueue(GpuStream compute, int size);

    /** A second call does nothing. Nothing of it is under way any more. */
    @Override
    void close();
  }
}
