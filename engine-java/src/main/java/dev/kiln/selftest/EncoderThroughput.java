package dev.kiln.selftest;

import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Platform;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Measures the throughput of an encoder whose input is ready: decoded strips in its own host
 * memory, and batches in three slots, so that one is filled while another computes and a third is
 * downloaded.
 */
final class EncoderThroughput {
  private static final int SLOTS = 3;
  private static final int STRIPS = 3;

  /** Chips across a strip of NAIP, which has two rows of chips. */
  private static final int CHIPS_ACROSS = 49;

  private static final int CHIPS_DOWN = 2;
  private static final float[] NOON = {0, 1, 0, -1};
  private static final float[] SOMEWHERE = {0.7f, 0.7f, -0.7f, 0.7f};

  private final Encoder encoder;
  private final List<Strip> strips = new ArrayList<>();
  private int next;

  private EncoderThroughput(Encoder encoder) {
    this.encoder = encoder;
  }

  /**
   * Measures.
   *
   * @param warmUp time before the measurement, in which clocks rise and kernels are loaded
   */
  static double chipsPerSecond(Encoder encoder, Platform platform, Duration warmUp, Duration time)
      throws EncoderException, InterruptedException {
    EncoderThroughput pace = new EncoderThroughput(encoder);
    int chip = encoder.description().chipSize();
    RandomStrip noise = new RandomStrip(CHIPS_ACROSS * chip, 0, CHIPS_DOWN * chip, 0, 0);
    try {
      for (int i = 0; i < STRIPS; i++) {
        pace.strips.add(noise.draw(platform, encoder.hostMemory(), i));
      }
      return pace.run(warmUp, time);
    } finally {
      pace.strips.forEach(Strip::close);
    }
  }

  private double run(Duration warmUp, Duration time) throws EncoderException, InterruptedException {
    Deque<BatchSlot> free = new ArrayDeque<>();
    Deque<BatchSlot> busy = new ArrayDeque<>();
    for (int i = 0; i < SLOTS; i++) {
      free.add(encoder.newSlot());
    }
    long begin = System.nanoTime();
    long counted = 0;
    long from = 0;
    long now = begin;
    while (from == 0 || now - from < time.toNanos()) {
      if (free.isEmpty()) {
        free.add(finish(busy.remove()));
        counted += encoder.description().batchSize();
      }
      BatchSlot slot = free.remove();
      fill(slot);
      busy.add(slot);
      now = System.nanoTime();
      if (from == 0 && now - begin >= warmUp.toNanos()) {
        from = now;
        counted = 0;
      }
    }
    double seconds = (now - from) / 1e9;
    while (!busy.isEmpty()) {
      finish(busy.remove());
    }
    return counted / seconds;
  }

  private void fill(BatchSlot slot) {
    int chip = slot.chipSize();
    while (slot.size() < slot.capacity()) {
      int inStrip = next % (CHIPS_ACROSS * CHIPS_DOWN);
      Strip strip = strips.get(next / (CHIPS_ACROSS * CHIPS_DOWN) % STRIPS);
      int column = inStrip % CHIPS_ACROSS * chip;
      slot.put(strip, column, inStrip / CHIPS_ACROSS * chip, NOON, SOMEWHERE);
      next++;
    }
    slot.start(1);
  }

  private static BatchSlot finish(BatchSlot slot) throws EncoderException, InterruptedException {
    slot.await();
    slot.clear();
    return slot;
  }
}
