package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.memory.HostBuffer;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Device memory filled with numbers between -1 and 1 that bfloat16 represents exactly, the same
 * each time. Speed depends on the data: with zeros a GPU draws less power and runs faster.
 */
final class Noise {
  /** After so many numbers the sequence repeats. */
  private static final int PERIOD = 1 << 20;

  private static float[] sequence;

  private Noise() {}

  private static synchronized float[] sequence() {
    if (sequence == null) {
      SplittableRandom random = new SplittableRandom(1);
      float[] made = new float[PERIOD];
      for (int i = 0; i < PERIOD; i++) {
        made[i] = DataType.BF16.toFloat(DataType.BF16.toBits((float) random.nextDouble(-1, 1)));
      }
      sequence = made;
    }
    return sequence;
  }

  /** Returns the number at an index of filled memory. */
  static float at(long index) {
    return sequence()[(int) (index % PERIOD)];
  }

  /** Fills memory with bfloat16 numbers, and waits for it. */
  static void fill(Gpu gpu, GpuStream stream, DeviceBuffer memory) {
    fill(gpu, stream, memory, DataType.BF16);
  }

  /** Fills memory with numbers of a type, bfloat16 or float32, and waits for it. */
  static void fill(Gpu gpu, GpuStream stream, DeviceBuffer memory, DataType type) {
    float[] numbers = sequence();
    int width = type.bytes();
    long chunk = Math.min(memory.size() / width, PERIOD) * width;
    try (HostBuffer noise = gpu.pinned("noise", chunk)) {
      ByteBuffer values = noise.slice(0, (int) chunk);
      for (int i = 0; i < chunk / width; i++) {
        if (type == DataType.BF16) {
          values.putShort(width * i, (short) type.toBits(numbers[i]));
        } else {
          values.putFloat(width * i, numbers[i]);
        }
      }
      for (long at = 0; at < memory.size(); at += chunk) {
        stream.copyIn(noise, 0, memory, at, Math.min(chunk, memory.size() - at));
      }
      stream.synchronize();
    }
  }
}
