package dev.kiln.benchmarks;

import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.memory.Strip;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;

/** Takes chips and gives zeros at once: what remains of a job is fetching, decoding and writing. */
final class NoEncoder implements Encoder {
  private final EncoderDescription description;

  /**
   * @param like whose shapes it takes
   */
  NoEncoder(EncoderDescription like) {
    this.description =
        new EncoderDescription(
            "none", "-", DataType.FP32, like.dim(), like.chipSize(), like.batchSize());
  }

  @Override
  public EncoderDescription description() {
    return description;
  }

  @Override
  public EncoderDevice device() {
    return EncoderDevice.cpu(description.device());
  }

  @Override
  public EncoderMemory memory() {
    return EncoderMemory.NONE;
  }

  @Override
  public BatchSlot newSlot() {
    return new Slot();
  }

  @Override
  public void close() {}

  private final class Slot implements BatchSlot {
    private int size;

    @Override
    public int size() {
      return size;
    }

    @Override
    public EncoderDescription description() {
      return description;
    }

    @Override
    public void put(Strip strip, int column, int row, float[] time, float[] location) {
      size++;
    }

    @Override
    public void start(float gsd) {}

    @Override
    public FloatBuffer await() {
      return FloatBuffer.allocate(size * description.dim());
    }

    @Override
    public void clear() {
      size = 0;
    }
  }
}
