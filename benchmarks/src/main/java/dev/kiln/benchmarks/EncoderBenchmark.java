package dev.kiln.benchmarks;

import dev.kiln.chip.LocationOrder;
import dev.kiln.chip.TimeEncoding;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.PrecisionRequest;
import dev.kiln.infer.select.Encoders;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Instant;
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
 * Filling and computing batches of NAIP chips whose pixels lie ready, two batches in flight. Counts
 * chips.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class EncoderBenchmark {
  private static final float GSD = 0.6f;

  /** Between a chip alone and in a batch: sums come in another order. */
  private static final double TOLERANCE = 1e-2;

  /** Model directory. */
  @Param("")
  public String model;

  /** Name of an {@link EncoderOptions.Kind}. */
  @Param("CPU")
  public String kind;

  /** Name of a {@link DataType}. */
  @Param("FP32")
  public String precision;

  /** Chips in a batch; 0 lets the encoder choose. */
  @Param("0")
  public int batch;

  private Encoder encoder;
  private Strip strip;
  private BatchSlot[] slots;
  private int chips;
  private int next;
  private float[] time;
  private float[] location;

  /** Opens the encoder; checks that a chip's vector does not depend on its place in the batch. */
  @Setup
  public void open() throws Exception {
    EncoderOptions options =
        EncoderOptions.of(EncoderOptions.Kind.valueOf(kind))
            .withPrecision(PrecisionRequest.fixed(DataType.valueOf(precision)));
    encoder =
        Encoders.open(
            ModelDirectory.open(Path.of(model)).encoder("naip", 256),
            batch == 0 ? options : options.withBatchSize(batch));
    time = TimeEncoding.of(Instant.parse("2020-06-01T12:00:00Z"));
    location = LocationOrder.TRAINED.encode(47, -99);
    int edge = encoder.description().chipSize();
    chips = encoder.description().batchSize();
    strip = NoiseStrip.of(edge, chips);
    slots = new BatchSlot[] {encoder.newSlot(), encoder.newSlot()};
    check(edge);
    start(slots[0], edge);
  }

  private void check(int edge) throws EncoderException, InterruptedException {
    int dim = encoder.description().dim();
    float[] together = new float[chips * dim];
    start(slots[0], edge);
    slots[0].await().get(together);
    slots[0].clear();
    for (int i = 0; i < chips; i++) {
      slots[1].put(strip, i * edge, 0, time, location);
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
            "chip %d: |vector|² %g, in the batch it differs by %g"
                .formatted(i, length, difference));
      }
    }
  }

  private void start(BatchSlot slot, int edge) {
    for (int i = 0; i < chips; i++) {
      slot.put(strip, i * edge, 0, time, location);
    }
    slot.start(GSD);
  }

  /** Fills and starts one batch and waits for the one before. */
  @Benchmark
  public float encode(Work work) throws EncoderException, InterruptedException {
    BatchSlot before = slots[next % 2];
    next++;
    start(slots[next % 2], encoder.description().chipSize());
    float first = before.await().get(0);
    before.clear();
    work.items += chips;
    return first;
  }

  @TearDown
  public void close() throws EncoderException, InterruptedException {
    slots[next % 2].await();
    encoder.close();
    strip.close();
  }
}
