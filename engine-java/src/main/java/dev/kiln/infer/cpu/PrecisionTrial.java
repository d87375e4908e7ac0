package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.Precision;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
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
 * What {@link Precision#AUTO} comes to: bfloat16 if the CPU multiplies it itself and one chip of
 * noise, encoded in both, shows that this model bears it; else float32. It costs opening the
 * encoder in float32 and one chip in each.
 */
public final class PrecisionTrial {
  private static final Logger log = LoggerFactory.getLogger(PrecisionTrial.class);

  /** Most that the embedding may be off, relative to its length: as in the golden cases. */
  static final double TOLERANCE = 1e-2;

  /** Least cosine of the angle between both embeddings. */
  static final double COSINE = 0.9999;

  private static final long SEED = 7;

  private final Platform platform;
  private final Function<Precision, Encoder> open;

  /**
   * @param open opens the encoder in float32 or bfloat16
   */
  public PrecisionTrial(Platform platform, Function<Precision, Encoder> open) {
    this.platform = platform;
    this.open = open;
  }

  /**
   * Opens the encoder in the format that it shall run in.
   *
   * @param multipliesBf16 whether the CPU does so itself
   */
  public Encoder choose(boolean multipliesBf16) {
    if (!multipliesBf16) {
      log.info("precision fp32: this CPU does not multiply bfloat16 itself");
      return open.apply(Precision.FP32);
    }
    long start = System.nanoTime();
    float[] exact;
    // Closed before the other is opened, so that their weights are never in memory together.
    try (Encoder encoder = open.apply(Precision.FP32)) {
      exact = encodeNoise(encoder);
    }
    Encoder encoder = open.apply(Precision.BF16);
    try {
      Agreement found = Agreement.of(encodeNoise(encoder), exact);
      String seconds =
          String.format(Locale.ROOT, "the trial took %.1f s", (System.nanoTime() - start) / 1e9);
      if (found.holds()) {
        log.info("precision bf16: {} from fp32 on a chip of noise; {}", found, seconds);
        return encoder;
      }
      log.warn(
          "precision fp32, the slower: in bf16 this model is {} from it on a chip of noise, more"
              + " than {} or cosine {}; {}",
          found,
          TOLERANCE,
          COSINE,
          seconds);
    } catch (RuntimeException | Error e) {
      encoder.close();
      throw e;
    }
    encoder.close();
    return open.apply(Precision.FP32);
  }

  /** How far one embedding lies from another. */
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

    /** False also for what is not a number. */
    boolean holds() {
      return distance <= TOLERANCE && cosine >= COSINE;
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%.1e (cosine %.6f)", distance, cosine);
    }
  }

  private float[] encodeNoise(Encoder encoder) {
    BatchSlot slot = encoder.newSlot();
    try (Strip chip = noise(encoder.description().chip())) {
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
      throw new IllegalStateException("interrupted during the trial of precisions", e);
    }
  }

  /** A chip of every band's mean and deviation; the same each time. */
  private Strip noise(int edge) {
    List<Band> bands = platform.bands();
    int area = edge * edge;
    HostBuffer pixels =
        HostBuffer.allocate("chip of noise", (long) bands.size() * area * Float.BYTES);
    FloatBuffer values = pixels.slice(0, bands.size() * area * Float.BYTES).asFloatBuffer();
    SplittableRandom random = new SplittableRandom(SEED);
    List<BandPlane> planes = new ArrayList<>();
    for (Band band : bands) {
      long first = (long) values.position() * Float.BYTES;
      planes.add(new BandPlane(PixelType.FLOAT32, first, edge, edge, Float.BYTES, 4L * edge, 1));
      // Evenly spread over this width, numbers have deviation 1.
      double width = Math.sqrt(12);
      for (int i = 0; i < area; i++) {
        double unit = (random.nextDouble() - 0.5) * width;
        values.put((float) (band.mean() + band.std() * unit));
      }
    }
    return new Strip(pixels, planes, 0, edge);
  }
}
