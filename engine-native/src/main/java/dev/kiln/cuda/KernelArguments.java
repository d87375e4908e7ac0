package dev.kiln.cuda;

import java.util.Arrays;

/** The arguments of a kernel, in the order of its parameters. */
public final class KernelArguments {
  private long[] values = new long[8];
  private int count;

  /** Adds a pointer to device memory, or a 64-bit integer. */
  public KernelArguments int64(long value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = value;
    return this;
  }

  /** Adds a pointer to the first byte of a buffer. */
  public KernelArguments pointer(DeviceBuffer memory) {
    return int64(memory.address());
  }

  /** Adds a 32-bit integer. */
  public KernelArguments int32(int value) {
    return int64(value & 0xFFFF_FFFFL);
  }

  /** Adds a {@code float}. */
  public KernelArguments float32(float value) {
    return int32(Float.floatToRawIntBits(value));
  }

  /** Returns the arguments, each in the low bytes of a {@code long}. */
  public long[] values() {
    return Arrays.copyOf(values, count);
  }
}
