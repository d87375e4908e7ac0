package dev.kiln.infer;

import dev.kiln.memory.HostMemory;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The Clay encoder of one model, platform and chip size on one device. Work passes through {@link
 * BatchSlot}s: while one slot computes, the next is filled and the last is drained, so an encoder
 * on a device can overlap transfer and compute.
 *
 * <p>Slots may be used by several threads, each slot by one thread at a time. Closer the encoder
 * closes its slots.
 */
public interface Encoder extends AutoCloseable {
  /** What runs, for the log, the report and the footer of every file. */
  EncoderDescription description();

  /** Makes a slot with its own memory for one batch; the encoder owns it. */
  BatchSlot newSlot();

  /** Where strips for this encoder should lie; any other memory works, more slowly. */
  default HostMemory hostMemory() {
    return HostMemory.ORDINARY;
  }

  /** Memory of the device that it runs on, in bytes; empty if that is the processor. */
  default OptionalLong deviceMemory() {
    return OptionalLong.empty();
  }

  /**
   * Energy that the device has used since some moment before it was opened, in joules; empty if
   * that is the processor, or does not tell.
   */
  default OptionalDouble joules() {
    return OptionalDouble.empty();
  }

  /** Waits for work that is under way and frees everything; a second call does nothing. */
  @Override
  void close();
}
