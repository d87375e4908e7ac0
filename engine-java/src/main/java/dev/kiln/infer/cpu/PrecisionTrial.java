package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.VectorRequest;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import dev.kiln.type.PixelType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Comparison of bfloat16 with float32 on one chip of noise, when an encoder opens. The encoder that
 * it returns is the one that was compared, with its kernels, weights and memory.
 *
 * <p>{@link dev.kiln.infer.PrecisionRequest#AUTO} selects bfloat16 if the model tolerates it: the
 * chip passes through the whole encoder in both. A request for bfloat16 leaves that to the user,
 * but not whether this machine computes it correctly: then the first and the last block are
 * compared, whose float32 weights are small, with those of oneDNN.
 */
public final class PrecisionTrial {
  private static final Logger log = LoggerFactory.getLogger(PrecisionTrial.class);

  /** Largest error of the embedding relative to its length, as in the golden cases. */
  static final double TOLERANCE = 1e-2;

  /** Smallest cosine of the angle between both embeddings. */
  static final double COSINE = 0.9999;

  /** Error that rounding does not explain, in any model. */
  static final double WRONG = 5e-2;

  private static final long SEED = 7;

  private final Platform platform;
  private final Candidates candidates;

  /** Opens the encoders that are compared. */
  interface Candidates {
    /** Opens the encoder in float32 or bfloat16. */
    TrialEncoder open(DataType type);

    /** Opens the first and the last block in float32. */
    TrialEncoder openEnds();
  }

  PrecisionTrial(Platform platform, Candidates candidates) {
    this.platform = platform;
    this.candidates = candidates;
  }

  /**
   * Prepares a trial.
   *
   * @param exported model, platform and chip size
   * @param batchSize most chips in one batch
   * @param threads threads that share the work on a batch
   * @param vectors vectors of a chip that are computed
   */
  public PrecisionTrial(
      ExportedEncoder exported, int batchSize, int threads, VectorRequest vectors) {
    this(
        exported.platform(),
        new Candidates() {
          @Override
          public TrialEncoder open(DataType type) {
            return new OneDnnEncoder(exported, batchSize, threads, type, vectors);
          }

          @Override
          public TrialEncoder openEnds() {
            return OneDnnEncoder.endsInFp32(exported, threads, vectors);
          }
        });
  }

  /**
   * Selects the precision. Costs opening the encoder in float32 and encoding one chip in each.
   *
   * @return the encoder in the selected precision, open
   * @throws ConfigurationException if the encoder fails
   */
  public Encoder choose() {
    long start = System.nanoTime();
    float[] exact = encodeAndClose(candidates.open(DataType.FP32), Blocks.ALL);
    Compared bf16 = compare(Blocks.ALL, exact);
    boolean tolerated = bf16.found().isWithin(TOLERANCE) && bf16.found().cosine() >= COSINE;
    String measured =
        String.format(
            Locale.ROOT,
            "error=%.1e max_error=%.1e cosine=%.6f min_cosine=%.4f trial_seconds=%.1f",
            bf16.found().distance(),
            TOLERANCE,
            bf16.found().cosine(),
            COSINE,
            secondsSince(start));
    if (tolerated) {
      log.info("precision=bf16 {}", measured);
      return bf16.encoder();
    }
    log.warn("precision=fp32 reason=\"bf16 exceeds the tolerance\" {}", measured);
    bf16.encoder().close();
    return candidates.open(DataType.FP32);
  }

  /**
   * Checks that this machine computes bfloat16. Costs opening two blocks in float32 and encoding
   * one chip with them in each.
   *
   * @return the encoder in bfloat16, open
   * @throws ConfigurationException if its vectors are wrong, or the encoder fails
   */
  public Encoder requireBf16() {
    long start = System.nanoTime();
    float[] exact = encodeAndClose(candidates.openEnds(), Blocks.ALL);
    Compared bf16 = compare(Blocks.ENDS, exact);
    double distance = bf16.found().distance();
    if (!bf16.found().isWithin(WRONG)) {
      bf16.encoder().close();
      throw new ConfigurationException(
          String.format(
              Locale.ROOT,
              "--precision bf16: vectors are wrong on this CPU (%s): expected a relative"
                  + " difference from float32 of at most %.2g, found %.2g; use --precision fp32,"
                  + " and report this with the output of kiln doctor",
              CpuInstructions.name(),
              WRONG,
              distance));
    }
    log.info(
        String.format(
            Locale.ROOT,
            "precision=bf16 blocks=ends error=%.1e max_error=%.1e trial_seconds=%.1f",
            distance,
            WRONG,
            secondsSince(start)));
    return bf16.encoder();
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private record Compared(TrialEncoder encoder, Agreement found) {}

  /** Before the other encoder is opened, so that their weights are never in memory together. */
  private float[] encodeAndClose(TrialEncoder opened, Blocks blocks) {
    try (TrialEncoder encoder = opened) {
      return encodeNoise(encoder, blocks);
    }
  }

  /** Opens the encoder in bfloat16 and compares it. */
  private Compared compare(Blocks blocks, float[] exact) {
    TrialEncoder encoder = candidates.open(DataType.BF16);
    try {
      return new Compared(encoder, Agreement.of(encodeNoise(encoder, blocks), exact));
    } catch (RuntimeException | Error e) {
      encoder.close();
      throw e;
    }
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

    /** Returns whether the distance is at most a limit; false for NaN. */
    boolean isWithin(double limit) {
      return distance <= limit;
    }
  }

  private float[] encodeNoise(TrialEncoder encoder, Blocks blocks) {
    BatchSlot slot = encoder.newSlot(blocks);
    try (Strip chip = noise(encoder.description().chipSize())) {
      slot.put(chip, 0, 0, new float[] {0, 1, 0, 1}, new float[] {0, 1, 0, 1});
      slot.start((float) platform.gsd());
      FloatBuffer embedding = slot.await();
      float[] copy = new float[embedding.remaining()];
      embedding.get(copy);
      return copy;
    } catch (EncoderException e) {
      throw new ConfigurationException(
          "precision: the trial on a chip of noise failed: " + e.getMessage(), e);
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
