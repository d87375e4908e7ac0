package dev.kiln.infer;

/**
 * Memory that an encoder needs on its device, in bytes.
 *
 * @param library memory that the encoder's libraries and the device's context take for themselves
 * @param weights weights as the encoder stores them, once for all slots
 * @param activations working memory of a batch, once for all slots
 * @param slot inputs and outputs of one slot
 */
public record EncoderMemory(long library, long weights, long activations, long slot) {
  /** Memory of an encoder that needs none worth counting. */
  public static final EncoderMemory NONE = new EncoderMemory(0, 0, 0, 0);

  /** Checks that no size is negative. */
  public EncoderMemory {
    if (library < 0 || weights < 0 || activations < 0 || slot < 0) {
      throw new IllegalArgumentException(
          "expected sizes of at least 0, found %d, %d, %d and %d"
              .formatted(library, weights, activations, slot));
    }
  }

  /**
   * {@return the total with a number of slots, in bytes}
   *
   * @param slots number of slots
   */
  public long total(int slots) {
    return library + weights + activations + slots * slot;
  }
}
