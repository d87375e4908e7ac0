package dev.kiln.infer;

import dev.kiln.memory.HostMemory;

/**
 * The Clay encoder of one model, platform and chip size on one device. Batches pass through {@link
 * BatchSlot}s: while one slot computes, the next is filled and the previous one is drained, so an
 * encoder on a device overlaps transfers with computation.
 *
 * <p>Several threads may use the slots, each slot one thread at a time. Closing the encoder closes
 * its slots.
 */
public interface Encoder extends AutoCloseable {
  /** {@return what runs, for the log, the report and the footer of every file} */
  EncoderDescription description();

  /** {@return the vectors of a chip, as slots deliver them} */
  default VectorLayout vectors() {
    return VectorLayout.ofEmbedding(description().dim());
  }

  /** {@return the device that computes} */
  EncoderDevice device();

  /** {@return the memory that this encoder needs, on its {@link #device}} */
  EncoderMemory memory();

  /**
   * Creates a slot with memory for one batch; the encoder owns it.
   *
   * @return an empty slot, closed with the encoder
   */
  BatchSlot newSlot();

  /** {@return the memory that strips for this encoder should use; any other works, but slower} */
  default HostMemory hostMemory() {
    return HostMemory.ORDINARY;
  }

  /** Waits for running batches and frees everything; a second call does nothing. */
  @Override
  void close();
}
