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

/** Batch slot of an encoder that computes on the CPU, on threads of its own. */
abstract class HostSlot implements BatchSlot {
  private final EncoderDescription description;
  private final Patchify rows;
  private final DataType type;
  private final ByteBuffer patches;
  private final FloatBuffer time;
  private final FloatBuffer location;
  private final FloatBuffer embeddings;
  private float gsd;
  private int size;
  private Future<?> running;

  /**
   * Allocates a slot.
   *
   * @param type type of the patch rows that the encoder reads
   */
  HostSlot(Platform platform, EncoderDescription description, DataType type) {
    this.description = description;
    this.rows = new Patchify(platform, description.chipSize());
    int batchSize = description.batchSize();
    this.type = type;
    int values = Math.multiplyExact(batchSize, rows.chipLength());
    this.patches = bytes(Math.multiplyExact(values, type.bytes()));
    this.time = floats(batchSize * 4);
    this.location = floats(batchSize * 4);
    this.embeddings = floats(batchSize * description.dim());
  }

  /** Returns the bytes that a slot allocates. */
  static long bytes(Platform platform, EncoderDescription description, DataType type) {
    long chip = (long) new Patchify(platform, description.chipSize()).chipLength() * type.bytes();
    return description.batchSize() * (chip + (8L + description.dim()) * Float.BYTES);
  }

  static FloatBuffer floats(int count) {
    return bytes(Math.multiplyExact(count, Float.BYTES)).asFloatBuffer();
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocateDirect(count).order(ByteOrder.nativeOrder());
  }

  /** Starts to encode the chips of the slot. */
  abstract Future<?> encode();

  /** Returns the layout of a chip's patch rows. */
  final Patchify rows() {
    return rows;
  }

  /** Returns the patch rows, {@code [capacity, L, C·64]} in the slot's type. */
  final ByteBuffer patches() {
    return patches;
  }

  /** Returns the encoded times, {@code [capacity, 4]}. */
  final FloatBuffer time() {
    return time;
  }

  /** Returns the encoded locations, {@code [capacity, 4]}. */
  final FloatBuffer location() {
    return location;
  }

  /** Returns the ground sample distance of the batch, in metres per pixel. */
  final float gsd() {
    return gsd;
  }

  /** Returns the buffer that receives the embeddings, {@code [capacity, dim]}. */
  final FloatBuffer embeddings() {
    return embeddings;
  }

  @Override
  public final int size() {
    return size;
  }

  @Override
  public final EncoderDescription description() {
    return description;
  }

  @Override
  public final void put(Strip strip, int column, int row, float[] chipTime, float[] chipLocation) {
    if (running != null || size == capacity()) {
      throw new IllegalStateException("slot is " + (running != null ? "started" : "full"));
    }
    rows.write(strip, column, row, type, patches, size * rows.chipLength());
    time.put(size * 4, chipTime, 0, 4);
    location.put(size * 4, chipLocation, 0, 4);
    size++;
  }

  @Override
  public final void start(float metresPerPixel) {
    if (running != null || size == 0) {
      throw new IllegalStateException("slot is " + (running != null ? "started" : "empty"));
    }
    gsd = metresPerPixel;
    running = encode();
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
          "batch of %d failed in %s: %s"
              .formatted(size, description.name(), e.getCause().getMessage()),
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
