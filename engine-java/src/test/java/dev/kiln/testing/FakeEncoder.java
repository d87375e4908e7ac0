package dev.kiln.testing;

import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.Patchify;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An encoder whose embedding of a chip is a function of its pixels, gsd, time and location, without
 * a model. It records its batches and can fail on request.
 */
public class FakeEncoder implements Encoder {
  /** Length of an embedding. */
  public static final int DIM = 8;

  /** Called when a batch runs; batches are numbered from 0. */
  public interface Event {
    void run(int batch) throws EncoderException, InterruptedException;
  }

  private final Platform platform;
  private final int chip;
  private final int batch;
  private final Event event;
  private final AtomicInteger started = new AtomicInteger();
  private final List<Integer> sizes = new ArrayList<>();
  private final AtomicInteger slots = new AtomicInteger();
  private final Map<Integer, Integer> poisoned = new ConcurrentHashMap<>();

  public FakeEncoder(Platform platform, int chip, int batch) {
    this(platform, chip, batch, n -> {});
  }

  public FakeEncoder(Platform platform, int chip, int batch, Event event) {
    this.platform = platform;
    this.chip = chip;
    this.batch = batch;
    this.event = event;
  }

  /** Makes one value of an embedding NaN. */
  public void poison(int batchNumber, int row) {
    poisoned.put(batchNumber, row);
  }

  /** Returns the number of chips of each batch, in the order of their start. */
  public synchronized List<Integer> batchSizes() {
    return List.copyOf(sizes);
  }

  /** Returns the number of slots created. */
  public int slots() {
    return slots.get();
  }

  @Override
  public EncoderDescription description() {
    return new EncoderDescription("fake", "test", DataType.FP32, DIM, chip, batch);
  }

  @Override
  public EncoderDevice device() {
    return EncoderDevice.cpu(description().device());
  }

  @Override
  public EncoderMemory memory() {
    return EncoderMemory.NONE;
  }

  @Override
  public BatchSlot newSlot() {
    slots.incrementAndGet();
    return new Slot();
  }

  @Override
  public void close() {}

  private final class Slot implements BatchSlot {
    private final Patchify rows = new Patchify(platform, chip);
    private final FloatBuffer patches = FloatBuffer.allocate(rows.chipLength());
    private final float[] embeddings = new float[batch * DIM];
    private int size;
    private Optional<Integer> number = Optional.empty();

    @Override
    public int size() {
      return size;
    }

    @Override
    public EncoderDescription description() {
      return FakeEncoder.this.description();
    }

    @Override
    public void put(Strip strip, int column, int row, float[] time, float[] location) {
      if (number.isPresent() || size == batch) {
        throw new IllegalStateException("slot is started or full");
      }
      rows.write(strip, column, row, patches, 0);
      double sum = 0;
      for (int i = 0; i < patches.capacity(); i++) {
        sum += patches.get(i) * (1 + i % 7);
      }
      for (int d = 0; d < DIM; d++) {
        embeddings[size * DIM + d] = (float) (sum / (d + 1) + time[d % 4] + location[d % 4]);
      }
      size++;
    }

    @Override
    public void start(float gsd) {
      if (number.isPresent() || size == 0) {
        throw new IllegalStateException("slot is started or empty");
      }
      number = Optional.of(started.getAndIncrement());
      synchronized (FakeEncoder.this) {
        sizes.add(size);
      }
      for (int i = 0; i < size * DIM; i++) {
        embeddings[i] += gsd;
      }
    }

    @Override
    public FloatBuffer await() throws EncoderException, InterruptedException {
      event.run(number.orElseThrow(() -> new IllegalStateException("slot was not started")));
      Integer row = poisoned.get(number.orElseThrow());
      if (row != null) {
        embeddings[row * DIM + 3] = Float.NaN;
      }
      return FloatBuffer.wrap(embeddings, 0, size * DIM);
    }

    @Override
    public void clear() {
      size = 0;
      number = Optional.empty();
    }
  }
}
