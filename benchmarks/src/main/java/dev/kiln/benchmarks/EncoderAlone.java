package dev.kiln.benchmarks;

import dev.kiln.chip.LocationOrder;
import dev.kiln.chip.TimeEncoding;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.memory.Strip;
import java.time.Instant;

/** Encodes chips of a decoded strip repeatedly; one batch is filled while another computes. */
final class EncoderAlone {
  private static final float[] TIME = TimeEncoding.of(Instant.parse("2020-06-01T12:00:00Z"));
  private static final float[] LOCATION = LocationOrder.TRAINED.encode(47, -99);

  private EncoderAlone() {}

  /**
   * Encodes chips.
   *
   * @param strip at least one row of chips
   * @param columns chips per row
   * @param gsd metres per pixel
   * @param chips number of chips; the last batch may be partial
   */
  static void run(Encoder encoder, Strip strip, int columns, float gsd, int chips)
      throws EncoderException, InterruptedException {
    BatchSlot[] slots = {encoder.newSlot(), encoder.newSlot()};
    int done = 0;
    for (int batch = 0; done < chips; batch++) {
      BatchSlot slot = slots[batch % 2];
      for (; done < chips && slot.size() < slot.capacity(); done++) {
        slot.put(strip, done % columns * slot.chipSize(), strip.firstRow(), TIME, LOCATION);
      }
      slot.start(gsd);
      drain(slots[(batch + 1) % 2]);
    }
    drain(slots[0]);
    drain(slots[1]);
  }

  private static void drain(BatchSlot slot) throws EncoderException, InterruptedException {
    if (slot.size() > 0) {
      slot.await();
      slot.clear();
    }
  }
}
