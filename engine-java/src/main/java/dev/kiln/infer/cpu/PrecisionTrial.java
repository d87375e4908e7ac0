package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import dev.kiln.type.PixelType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trial of bfloat16 on one chip of noise, for {@link dev.kiln.infer.PrecisionRequest#AUTO} on a CPU
 * that multiplies bfloat16 natively. Encodes the chip in float32 and bfloat16, and selects bfloat16
 * if the model tolerates it. It costs opening the encoder in float32 and encoding one chip in each.
 */
public final class PrecisionTrial {
  private static final Logger log = LoggerFactory.getLogger(PrecisionTrial.class);

  /** Largest error of the embedding relative to its length, as in the golden cases. */
  static final double TOLERANCE = 1e-2;

  /** Smallest cosine of the angle between both embeddings. */
  static final double COSINE = 0.9999;

  private static final long SEED = 7;

  private final Platform platform;
  private final Function<DataType, Encoder> open;

  /**
   * Prepares a trial.
   *
   * @param platform platform of the encoder
   * @param open opens the encoder in float32 or bfloat16
   */
  public PrecisionTrial(Platform platform, Function<DataType, Encoder> open) {
    this.platform = platform;
    this.open = open;
  }

  /**
   * Runs the trial.
   *
   * @return the encoder in the selected precision, open
   * @throws ConfigurationException if the encoder fails
   */
  public Encoder choose() {
    long start = System.nanoTime();
    float[] exact;
    // Closed before the other is opened, so that their weights are never in memory together.
    try (Encoder encoder = open.apply(DataType.FP32)) {
      exact = encodeNoise(encoder);
    }
    Encoder encoder = open.apply(DataType.BF16);
    try {
      Agreement found = Agreement.of(encodeNoise(encoder), exact);
      if (report(found, (System.nanoTime() - start) / 1e9)) {
        return encoder;
      }
    } catch (RuntimeException | Error e) {
      encoder.close();
      throw e;
    }
    encoder.close();
    return open.apply(DataType.FP32);
  }

  /** Logs the result; returns whether bfloat16 passed. */
  private static boolean report(Agreement found, double seconds) {
    String measured =
        String.format(
            Locale.ROOT,
            "error=%.1e max_error=%.1e cosine=%.6f min_cosine=%.4f trial_seconds=%.1f",
            found.distance(),
            TOLERANCE,
            found.cosine(),
            COSINE,
            seconds);
    if (found.isWithinTolerance()) {
      log.info("precision=bf16 {}", measured);
    } else {
      log.warn("precision=fp32 reason=\"bf16 exceeds the tolerance\" {}", measured);
    }
    return found.isWithinTolerance();
  }

  /**
   * Distance between two embeddings.
   *
   * @param distance length of the difference relative to the exact embedding
   * @param cosine cosine of the angle between them
   */
  record Agreement(double distance, double cosine) {
    static Agreement of(float[] found, float[] exact) {
      double difference = 0;
      double dot = 0;
      double ff = 0;
      double ee = 0;
      for (int i = 0; i < exact.length; i++) {
        difference += Math.pow((double) found[i] - exact[i], 2);
        dot += (double) found[i] * exact[i];
        ff += (double) found[i] * found[i];
        ee += (double) exact[i] * exact[i];
      }
      return new Agreement(Math.sqrt(difference / ee), dot / Math.sqrt(ff * ee));
    }

    /** Returns whether bfloat16 is accurate enough; false for NaN. */
    boolean isWithinTolerance() {
      return distance <= TOLERANCE && cosine >= COSINE;
    }
  }

  private float[] encodeNoise(Encoder encoder) {
    BatchSlot slot = encoder.newSlot();
    try (Strip chip = noise(encoder.description().chipSize())) {
      slot.put(chip, 0, 0, new float[] {0, 1, 0, 1}, new float[] {0, 1, 0, 1});
      slot.start((float) platform.gsd());
      FloatBuffer embedding = slot.await();
      float[] copy = new float[embedding.remaining()];
      embedding.get(copy);
      return copy;
    } catch (EncoderException e) {
      throw new ConfigurationException("--precision auto: the trial failed: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted during the precision trial", e);
    }
  }

  /** Returns a chip with the mean and deviation of every band; the same each time. */
  private Strip noise(int chipSize) {
    List<Band> bands = platform.bands();
    int area = chipSize * chipSize;
    HostBuffer pixels =
        HostBuffer.allocate("chip of noise", (long) bands.size() * area * Float.BYTES);
    FloatBuffer values = pixels.slice(0, bands.size() * area * Float.BYTES).asFloatBuffer();
    SplittableRandom random = new SplittableRandom(SEED);
    List<BandPlane> planes = new ArrayList<>();
    for (Band band : bands) {
      long first = (long) values.position() * Float.BYTES;
      planes.add(
          new BandPlane(
              PixelType.FLOAT32, first, chipSize, chipSize, Float.BYTES, 4L * chipSize, 1));
      // Uniform values over this width have deviation 1.
      double width = Math.sqrt(12);
      for (int i = 0; i < area; i++) {
        double unit = (random.nextDouble() - 0.5) * width;
        values.put((float) (band.mean() + band.std() * unit));
      }
    }
    return new Strip(pixels, planes, 0, chipSize);
  }
}
