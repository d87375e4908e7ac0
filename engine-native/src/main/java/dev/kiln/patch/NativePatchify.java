package dev.kiln.patch;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Lays a chip's raw pixels out as the normalised rows of the first matrix product, {@code [L,
 * C·64]} in float32 or bfloat16, with Kiln's own native code. What is in a row, and why, is said at
 * {@code dev.kiln.infer.Patchify}; float32 rows agree with it bit by bit, and bfloat16 rows are
 * these rounded to the nearest, ties to even.
 *
 * <p>Holds no native memory. Any number of threads may write at once.
 */
@Platform(library = "jnipatches")
public final class NativePatchify {
  static {
    Loader.load(NativePatchify.class);
  }

  private static final int PATCH = 8;

  /** Numbers that stand for one plane in the native code. */
  private static final int FIELDS = 5;

  private final float[] statistics;
  private final int chip;

  /**
   * @param mean of each band
   * @param std of each band
   * @param chip chip edge in pixels, a multiple of 8
   */
  public NativePatchify(float[] mean, float[] std, int chip) {
    if (mean.length != std.length || chip < PATCH || chip % PATCH != 0) {
      throw new IllegalArgumentException(
          "%d means, %d deviations, chip of %d px".formatted(mean.length, std.length, chip));
    }
    this.chip = chip;
    this.statistics = new float[2 * mean.length];
    for (int b = 0; b < mean.length; b++) {
      statistics[2 * b] = mean[b];
      statistics[2 * b + 1] = std[b];
    }
  }

  private int bands() {
    return statistics.length / 2;
  }

  /** Bytes of a chip's rows. */
  public long chipBytes(DataType format) {
    return (long) chip * chip * bands() * format.bytes();
  }

  /**
   * Writes one chip's rows.
   *
   * @param strip raw planes, one a band
   * @param column grid column of the chip's left edge
   * @param row row of the chip's upper edge, counted from the strip's first
   * @param out direct buffer that receives {@link #chipBytes} from byte {@code at}
   * @throws IndexOutOfBoundsException if a pixel of the chip lies outside the strip's memory, or
   *     the rows outside {@code out}
   */
  public void write(Strip strip, int column, int row, DataType format, ByteBuffer out, long at) {
    if (format == DataType.FP16) {
      throw new IllegalArgumentException("patch rows: expected fp32 or bf16, found fp16");
    }
    if (strip.bands().size() != bands()) {
      throw new IllegalArgumentException(
          strip.bands().size() + " planes, " + bands() + " expected");
    }
    if (column < 0 || row < 0) {
      throw new IndexOutOfBoundsException("chip at column " + column + ", row " + row);
    }
    if (!out.isDirect()) {
      throw new IllegalArgumentException("the buffer for the rows is not a direct one");
    }
    if (at < 0 || at > out.capacity() - chipBytes(format)) {
      throw new IndexOutOfBoundsException(
          "rows of %d bytes at byte %d of %d".formatted(chipBytes(format), at, out.capacity()));
    }
    long[] planes = new long[bands() * FIELDS];
    for (int b = 0; b < bands(); b++) {
      BandPlane plane = strip.bands().get(b);
      check(plane, column, row, strip.pixels().size());
      int to = b * FIELDS;
      planes[to] = strip.pixels().address() + plane.offset();
      planes[to + 1] = plane.type().code();
      planes[to + 2] = plane.pixelStride();
      planes[to + 3] = plane.lineStride();
      planes[to + 4] = plane.repeat();
    }
    boolean bf16 = format == DataType.BF16;
    if (!write(planes, statistics, column, row, chip, strip.radiometricOffset(), bf16, out, at)) {
      throw new OutOfMemoryError("no memory to lay out patch rows");
    }
  }

  private void check(BandPlane plane, int column, int row, long size) {
    int right = (column + chip - 1) / plane.repeat();
    int bottom = (row + chip - 1) / plane.repeat();
    long first = plane.byteOf(column / plane.repeat(), row / plane.repeat());
    long last = plane.byteOf(right, bottom) + plane.type().bytes();
    if (plane.pixelStride() < 1 || plane.lineStride() < 1 || first < 0 || last > size) {
      throw new IndexOutOfBoundsException(
          "chip at column %d, row %d: bytes %d to %d of a strip of %d: %s"
              .formatted(column, row, first, last, size, plane));
    }
  }

  private static native boolean write(
      long[] planes,
      float[] statistics,
      int column,
      int row,
      int edge,
      int radiometricOffset,
      boolean bf16,
      ByteBuffer out,
      long at);
}
