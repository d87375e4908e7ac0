package dev.kiln.infer.cpu;

import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.Patchify;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** A slot of an encoder that computes on the CPU, on one thread of its own. */
abstract class HostSlot implements BatchSlot {
  private final EncoderDescription description;
  private final ComputeThread compute;
  private final Patchify rows;
  private final DataType format;
  private final ByteBuffer patches;
  private final FloatBuffer time;
  private final FloatBuffer location;
  private final FloatBuffer embeddings;
  private float gsd;
  private int size;
  private Future<?> running;

  /**
   * @param format of the patch rows that the encoder reads
   */
  HostSlot(
      Platform platform, EncoderDescription description, DataType format, ComputeThread compute) {
    this.description = description;
    this.compute = compute;
    this.rows = new Patchify(platform, description.chip());
    int batch = description.batch();
    this.format = format;
    int numbers = Math.multiplyExact(batch, rows.chipLength());
    this.patches = bytes(Math.multiplyExact(numbers, format.bytes()));
    this.time = floats(batch * 4);
    this.location = floats(batch * 4);
    this.embeddings = floats(batch * description.dim());
  }

  static FloatBuffer floats(int count) {
    return bytes(Math.multiplyExact(count, Float.BYTES)).asFloatBuffer();
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocateDirect(count).order(ByteOrder.nativeOrder());
  }

  /** Encodes what was put; runs on the compute thread. */
  abstract void encode() throws Exception;

  /** Layout of a chip's patches. */
  final Patchify rows() {
    return rows;
  }

  /** {@code [capacity, L, C·64]} in the slot's format. */
  final ByteBuffer patches() {
    return patches;
  }

  /** {@code [capacity, 4]}. */
  final FloatBuffer time() {
    return time;
  }

  /** {@code [capacity, 4]}. */
  final FloatBuffer location() {
    return location;
  }

  /** Ground sample distance of the batch, in metres. */
  final float gsd() {
    return gsd;
  }

  /** {@code [capacity, dim]}, to be written. */
  final FloatBuffer embeddings() {
    return embeddings;
  }

  @Override
  public final int size() {
    return size;
  }

  @Override
  public final int capacity() {
    return description.batch();
  }

  @Override
  public final int chip() {
    return description.chip();
  }

  @Override
  public final void put(Strip strip, int column, int row, float[] chipTime, float[] chipLocation) {
    if (running != null || size == capacity()) {
      throw new IllegalStateException("slot is " + (running != null ? "started" : "full"));
    }
    rows.write(strip, column, row, format, patches, size * rows.chipLength());
    time.put(size * 4, chipTime, 0, 4);
    location.put(size * 4, chipLocation, 0, 4);
    size++;
  }

  @Override
  public final void start(float metres) {
    if (running != null || size == 0) {
      throw new IllegalStateException("slot is " + (running != null ? "started" : "empty"));
    }
    gsd = metres;
    running =
        compute.start(
            () -> {
              encode();
              return null;
            });
  }

  @Override
  public final FloatBuffer await() throws EncoderException, InterruptedException {
    if (running == null) {
      throw new IllegalStateException("slot was not started");
    }
    try {
      running.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new EncoderException(
          "batch of "
              + size
              + " failed in "
              + description.name()
              + ": "
              + e.getCause().getMessage(),
          e.getCause());
    }
    return embeddings.duplicate().position(0).limit(size * description.dim());
  }

  @Override
  public final void clear() {
    if (running != null && !running.isDone()) {
      throw new IllegalStateException("slot is computing");
    }
    running = null;
    size = 0;
  }
}
