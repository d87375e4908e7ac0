package dev.kiln.infer.cpu;

import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;

/** An encoder that can leave blocks out. */
interface TrialEncoder extends Encoder {
  /**
   * Creates a slot with memory for one batch; the encoder owns it.
   *
   * @param blocks that its chips pass through
   */
  BatchSlot newSlot(Blocks blocks);
}
