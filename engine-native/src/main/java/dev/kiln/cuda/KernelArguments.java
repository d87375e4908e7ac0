package dev.kiln.cuda;

import java.util.Arrays;

/** What a kernel is called with, in the order of its parameters. */
public final class KernelArguments {
  private long[] values = new long[8];
  private int count;

  /** A pointer into device memory, or a 64-bit number. */
  public KernelArguments int64(long value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = value;
    return this;
  }

  /** The first byte of a buffer. */
  public KernelArguments pointer(DeviceBuffer memory) {
    return int64(memory.address());
  }

  /** A 32-bit number. */
  public KernelArguments int32(int value) {
    return int64(value & 0xFFFF_FFFFL);
  }

  /** A {@code float}. */
  public KernelArguments float32(float value) {
    return int32(Float.floatToRawIntBits(value));
  }

  /** The arguments, each in the low bytes of a number. */
  public long[] values() {
    return Arrays.copyOf(values, count);
  }
}
