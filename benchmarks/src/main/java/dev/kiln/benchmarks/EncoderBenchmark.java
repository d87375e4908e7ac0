package dev.kiln.benchmarks;

import dev.kiln.chip.LocationOrder;
import dev.kiln.chip.TimeEncoding;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.selftest.EncoderCandidates;
import dev.kiln.selftest.RandomStrip;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Fills and encodes batches of NAIP chips from decoded pixels, with two batches in flight. Counts
 * chips.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class EncoderBenchmark {
  private static final float GSD = 0.6f;
  private static final long SEED = 7;

  /** Relative L2 difference between a chip alone and in a batch: sums have another order. */
  private static final double TOLERANCE = 1e-2;

  /** Model directory. */
  @Param("")
  public String model;

  /** Name of an encoder candidate. */
  @Param("onednn fp32")
  public String candidate;

  /** Chips per batch; 0 for the encoder's default. */
  @Param("0")
  public int batchSize;

  private Encoder encoder;
  private Strip strip;
  private BatchSlot[] slots;
  private int chips;
  private int chipSize;
  private int next;
  private float[] time;
  private float[] location;

  /** Opens the encoder; checks that an embedding does not depend on the chip's place in a batch. */
  @Setup
  public void open() throws Exception {
    encoder =
        EncoderCandidates.named(candidate)
            .opener()
            .open(
                ModelDirectory.open(Path.of(model)).encoder("naip", 256),
                batchSize == 0 ? OptionalInt.empty() : OptionalInt.of(batchSize));
    time = TimeEncoding.of(Instant.parse("2020-06-01T12:00:00Z"));
    location = LocationOrder.TRAINED.encode(47, -99);
    chipSize = encoder.description().chipSize();
    chips = encoder.description().batchSize();
    strip =
        new RandomStrip(chipSize * chips, 0, chipSize, 0, 0)
            .draw(PlatformCatalog.builtIn().get("naip"), encoder.hostMemory(), SEED);
    slots = new BatchSlot[] {encoder.newSlot(), encoder.newSlot()};
    check();
    start(slots[0]);
  }

  private void check() throws EncoderException, InterruptedException {
    int dim = encoder.description().dim();
    float[] together = new float[chips * dim];
    start(slots[0]);
    slots[0].await().get(together);
    slots[0].clear();
    for (int i = 0; i < chips; i++) {
      slots[1].put(strip, i * chipSize, 0, time, location);
      slots[1].start(GSD);
      FloatBuffer alone = slots[1].await();
      double difference = 0;
      double length = 0;
      for (int k = 0; k < dim; k++) {
        difference += Math.pow(alone.get(k) - together[i * dim + k], 2);
        length += Math.pow(alone.get(k), 2);
      }
      slots[1].clear();
      if (!(length > 0 && Math.sqrt(difference / length) < TOLERANCE)) {
        throw new IllegalStateException(
            "chip %d: squared norm %g, squared difference in the batch %g"
                .formatted(i, length, difference));
      }
    }
  }

  private void start(BatchSlot slot) {
    for (int i = 0; i < chips; i++) {
      slot.put(strip, i * chipSize, 0, time, location);
    }
    slot.start(GSD);
  }

  /** Fills and starts a batch and waits for the previous one. */
  @Benchmark
  public float encode(Work work) throws EncoderException, InterruptedException {
    BatchSlot before = slots[next % 2];
    next++;
    start(slots[next % 2]);
    float first = before.await().get(0);
    before.clear();
    work.items += chips;
    return first;
  }

  @TearDown
  public void close() throws EncoderException, InterruptedException {
    slots[next % 2].await();
    strip.close();
    encoder.close();
  }
}
